// Arrays and formulas as HTML, for the gradient microscope.
import { h, number, s } from "./shared";

export type Num = number | string;
export interface Look {
  shape: number[]; dtype: string; data?: Num[];
  stats?: { min?: number; max?: number; mean?: number; norm?: number; thumb?: (number | null)[][]; of?: string };
  pick?: [number[], Num];
}
type Translate = (key: string, values?: Record<string, string | number>) => string;

export const asNumber = (v: Num | undefined): number =>
  typeof v === "number" ? v : v === undefined ? NaN : Number(v.replace("inf", "Infinity"));
export const text = (v: Num | undefined, digits = 4): string => number(asNumber(v), digits);
export const indexText = (index: number[]): string => (index.length ? `[${index.join(", ")}]` : "()");
export const shapeText = (shape: number[]): string => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** An array under a heading: all numbers of a small one, the figures of a large one. */
export function block(heading: string, look: Look, t: Translate, mark: number[] | null): HTMLElement {
  return h("div", { class: "ms-m-block" },
    h("div", { class: "ms-m-head" }, heading, " ", h("span", { class: "ms-dim" }, look.shape.length ? shapeText(look.shape) : "")),
    look.data ? table(look, mark) : figures(look, t));
}

function table(look: Look, mark: number[] | null): HTMLElement {
  const columns = look.shape.length ? look.shape[look.shape.length - 1]! : 1;
  const data = look.data!;
  const flat = mark && mark.length === look.shape.length ? mark.reduce((at, i, k) => at * look.shape[k]! + i, 0) : -1;
  if (!data.length) return h("div", { class: "ms-dim" }, "[]");
  const top = Math.max(...data.map((v) => Math.abs(asNumber(v))).filter(Number.isFinite), 0) || 1;
  const rows: HTMLElement[] = [];
  for (let at = 0; at < data.length; at += columns) {
    rows.push(h("tr", {}, ...data.slice(at, at + columns).map((v, k) => {
      const value = asNumber(v);
      const cell = h("td", { class: at + k === flat ? "ms-m-mark" : null }, number(value));
      const share = Math.round(45 * Math.min(Math.abs(value) / top, 1));
      if (share > 0) cell.style.background = `color-mix(in srgb, var(${value < 0 ? "--ms-c0" : "--ms-c1"}) ${share}%, transparent)`;
      return cell;
    })));
  }
  return h("table", { class: "ms-m-table" }, h("tbody", {}, ...rows));
}

function figures(look: Look, t: Translate): HTMLElement {
  const stats = look.stats ?? {};
  const box = h("div", { class: "ms-m-figures" });
  if (stats.thumb) box.append(thumb(stats.thumb) as unknown as HTMLElement);
  box.append(h("div", {}, h("div", {}, t("stats", {
    min: text(stats.min, 3), max: text(stats.max, 3), mean: text(stats.mean, 3), norm: text(stats.norm, 3),
  })), look.pick ? h("div", {}, t("largest", { index: indexText(look.pick[0]), value: text(look.pick[1]) })) : null));
  return box;
}

function thumb(rows: (number | null)[][]): SVGElement {
  const columns = rows[0]?.length ?? 0;
  const top = Math.max(...rows.flat().map((v) => Math.abs(v ?? 0)), 0) || 1;
  const svg = s("svg", { width: columns * 7, height: rows.length * 7, "aria-hidden": "true", class: "ms-m-thumb" });
  rows.forEach((row, y) => row.forEach((v, x) => svg.append(s("rect", {
    x: x * 7, y: y * 7, width: 7.3, height: 7.3,
    style: v === null ? "fill: var(--ms-bad)"
      : `fill: color-mix(in srgb, var(${v < 0 ? "--ms-c0" : "--ms-c1"}) ${Math.round((100 * Math.abs(v)) / top)}%, var(--ms-bg))`,
  }))));
  return svg;
}

// One array's histograms over time: the one at the chosen step, and all of them, as ridges or heat.
import { paint } from "./parameters-heat";
import { float32, h, integer, number, s, type translator } from "./shared";

export type Figure = number | string | null;
export interface Frame {
  step: number; count: number; nan: number; inf: number; bins: number; about: boolean;
  mean: Figure; std: Figure; min: Figure; max: Figure; start: Figure; end: Figure;
}
export interface Series {
  low: number; high: number; bins: number; frames: Frame[];
  parts: Float32Array;      // frames x bins, shares on one axis from low to high
  counts: Float32Array[];   // of each frame on its own bins
}
/** What the kernel tells of one name, by kind; two buffers for each kind that it names. */
export interface Histories {
  type: "history"; number: number;
  kinds: Record<string, Omit<Series, "parts" | "counts">>;
}
export type Translate = ReturnType<typeof translator>;

export function seriesOf(message: Histories, buffers: DataView[], kinds: readonly string[]): (Series | null)[] {
  let at = 0;
  return kinds.map((kind) => {
    const told = message.kinds[kind];
    if (!told) return null;
    const parts = float32(buffers[at]!);
    const counts = float32(buffers[at + 1]!);
    at += 2;
    let end = 0;
    return { ...told, parts, counts: told.frames.map((frame) => counts.subarray(end, end += frame.bins)) };
  });
}

export const value = (x: Figure): number =>
  typeof x === "string" ? Number(x.replace("inf", "Infinity").replace("nan", "NaN")) : x ?? NaN;
export const show = (x: Figure, digits = 3): string => (x === null ? "–" : number(value(x), digits));

const WIDE = 360;

function ends(svg: SVGElement, low: number, high: number, y: number, left: number): void {
  const text = (x: number, label: string, anchor: string) =>
    svg.append(s("text", { x, y, "text-anchor": anchor }, label));
  text(left, number(low, 3), "start");
  text(WIDE, number(high, 3), "end");
  const zero = left + (-low / (high - low)) * (WIDE - left);
  if (zero > left + 50 && zero < WIDE - 50) text(zero, "0", "middle");
}

/** The histogram of one frame, on the axis of all. */
export function histogram(series: Series, at: number, ink: string, heading: string, t: Translate): SVGElement {
  const high = 92;
  const frame = series.frames[at]!;
  const counts = series.counts[at]!;
  const most = Math.max(...counts, 1);
  const place = (x: number) => ((x - series.low) / (series.high - series.low)) * WIDE;
  const svg = s("svg", { class: "ms-hist", viewBox: `0 -4 ${WIDE} ${high + 24}`, role: "img", "aria-label": heading });
  const [start, end] = [value(frame.start), value(frame.end)];
  const alone = frame.min === frame.max; // all alike: a spike, wherever the bins begin
  counts.forEach((count, k) => {
    const tall = (count / most) * high;
    let [low, next] = [0, 1].map((j) => start + ((end - start) * (k + j)) / counts.length) as [number, number];
    if (alone) { if (!count) return; low = next = value(frame.min); }
    const x = Math.max(place(low), 0);
    const wide = Math.max(Math.min(place(next), WIDE) - x - 1, alone ? 3 : 1);
    const bar = s("rect", { x: Math.min(x, WIDE - wide), y: high - tall, width: wide, height: tall, style: `fill:${ink}` });
    bar.append(s("title", {}, t("bin", { low: number(low, 3), high: number(next, 3), count: integer(count) })));
    svg.append(bar);
  });
  svg.append(s("path", { d: `M0 ${high + 0.5}H${WIDE}`, style: "stroke:var(--ms-line)" }));
  const zero = place(0);
  if (zero > 0 && zero < WIDE) {
    svg.append(s("path", { d: `M${zero} 0V${high}`, style: "stroke:var(--ms-dim)", "stroke-dasharray": "2 3" }));
  }
  ends(svg, series.low, series.high, high + 16, 0);
  return svg;
}

/** Count, extremes, mean and deviation of one frame, and what is not finite. */
export function figures(frame: Frame, t: Translate): HTMLElement {
  const list = h("div", { class: "ms-p-figures" });
  const add = (key: string, text: string, bad = false, title: string | null = null) =>
    list.append(h("div", { "data-figure": key, class: bad ? "ms-p-bad" : null, title }, h("span", {}, t(key)), h("b", {}, text)));
  for (const key of ["min", "max", "mean"] as const) add(key, show(frame[key]));
  add("std", `${frame.about ? "≈ " : ""}${show(frame.std)}`, false, frame.about ? t("about") : null);
  add("nan", integer(frame.nan), frame.nan > 0);
  add("inf", integer(frame.inf), frame.inf > 0);
  add("count", integer(frame.count));
  return list;
}

/** All frames, the earliest at the top; a click on one chooses it. */
export function overTime(
  series: Series, at: number, ink: string, kind: "ridges" | "strip", t: Translate, pick: (k: number) => void,
): SVGElement {
  const many = series.frames.length;
  const left = 54;
  const gap = Math.min(Math.max(200 / many, 3), 16);
  const tall = kind === "ridges" ? 46 : 4;
  const bottom = tall + gap * many;
  const steps = series.frames.map((frame) => frame.step);
  const svg = s("svg", {
    class: "ms-p-time", viewBox: `0 0 ${WIDE} ${bottom + 20}`, role: "img", "data-kind": kind,
    "aria-label": t("ridgesHelp", {
      count: many, first: integer(steps[0]!), last: integer(steps[many - 1]!), low: number(series.low, 3), high: number(series.high, 3),
    }),
  });
  const across = (WIDE - left) / series.bins;
  if (kind === "strip") {
    const canvas = document.createElement("canvas");
    paint(canvas, { rows: many, columns: series.bins, cells: series.parts }, ink.includes("c0"));
    svg.append(s("image", {
      href: canvas.toDataURL(), x: left, y: tall, width: WIDE - left, height: gap * many,
      preserveAspectRatio: "none", style: "image-rendering:pixelated",
    }));
  }
  const most = Math.max(...series.parts, 1e-9);
  const every = Math.max(Math.ceil(16 / gap), Math.ceil(many / 6));
  steps.forEach((step, k) => {
    const base = tall + gap * (kind === "ridges" ? k + 1 : k);
    const label = t("atStep", { step: integer(step) });
    const row = s("g", { class: k === at ? "ms-p-row ms-p-at" : "ms-p-row", "data-step": step, onclick: () => pick(k) });
    row.append(s("title", {}, label));
    if (kind === "ridges") {
      let d = `M${left} ${base}`;
      for (let x = 0; x < series.bins; x++) {
        d += `L${(left + across * (x + 0.5)).toFixed(1)} ${(base - (tall * series.parts[k * series.bins + x]!) / most).toFixed(1)}`;
      }
      const share = 25 + (60 * k) / Math.max(many - 1, 1);
      row.append(s("path", {
        d: `${d}L${WIDE} ${base}Z`, style: `fill:color-mix(in srgb, ${ink} ${share.toFixed(0)}%, var(--ms-bg));stroke:${ink}`,
      }));
    } else {
      row.append(s("rect", { x: left, y: base, width: WIDE - left, height: gap, style: "fill:transparent" }));
    }
    if (k === at || (k % every === 0 && Math.abs(k - at) * gap >= 12)) {
      row.append(s("text", { x: left - 6, y: kind === "ridges" ? base : base + gap / 2 + 4, "text-anchor": "end" }, integer(step)));
    }
    svg.append(row);
  });
  // The chosen one lies on top, or its outline would be hidden by the next.
  const chosen = svg.querySelector(".ms-p-at");
  if (chosen) svg.append(chosen);
  ends(svg, series.low, series.high, bottom + 15, left);
  return svg;
}

// The confusion matrix: a grid to walk through, each cell a choice.
import { h, integer } from "./shared";

export type Norm = "counts" | "byRow" | "byColumn";
export interface Table {
  seen: number; right: number; leftOut: number; classes: number; shown: number[]; counts: number[][];
  names: Record<string, string>; rows: number[]; columns: number[]; confused: [number, number, number][];
  scored: boolean; softmax: boolean; range: [number, number] | null; keep: number; block: number;
}
/** A cell (both), a row (true), a column (predicted), or everything (neither). */
export interface Choice { true: number | null; predicted: number | null }

type Words = (key: string, values?: Record<string, string | number>) => string;

const percent = (part: number, whole: number): string => (whole ? String(Math.round((100 * part) / whole)) : "–");

export function matrix(
  t: Words, table: Table, norm: Norm, choice: Choice, choose: (choice: Choice, focus: boolean) => void,
): HTMLElement {
  const { shown, counts } = table;
  const name = (c: number) => table.names[c] ?? String(c);
  const size = shown.length;
  const part = (i: number, j: number) => {
    const n = counts[i]![j]!;
    return norm === "counts" ? n : n / ((norm === "byRow" ? table.rows[i] : table.columns[j]) || 1);
  };
  // Right answers are many, mistakes few: each kind is shaded against its own largest.
  const most = [0, 0];
  counts.forEach((row, i) => row.forEach((_, j) => {
    const kind = i === j ? 0 : 1;
    most[kind] = Math.max(most[kind]!, part(i, j));
  }));
  const at = (c: number | null) => (c === null ? -1 : shown.indexOf(c));
  const chosen = [at(choice.true), at(choice.predicted)] as const;
  const stop: [number, number] = chosen[0] < 0 && chosen[1] < 0 ? [0, 0] : [chosen[0], chosen[1]];

  const cell = (i: number, j: number): HTMLElement => {
    const common = {
      "data-cell": `${i},${j}`, tabindex: i === stop[0] && j === stop[1] ? 0 : -1,
      "aria-selected": String(i === chosen[0] && j === chosen[1]),
    };
    if (i < 0) return h("th", { ...common, scope: "col", role: "columnheader", title: t("saidOnly", { said: name(shown[j]!) }) }, name(shown[j]!));
    if (j < 0) return h("th", { ...common, scope: "row", role: "rowheader", title: t("isOnly", { true: name(shown[i]!) }) }, name(shown[i]!));
    const n = counts[i]![j]!;
    const label = t("cell", {
      true: name(shown[i]!), said: name(shown[j]!), count: integer(n), share: percent(n, table.rows[i]!),
    });
    const text = norm === "counts" ? integer(n)
      : n ? percent(n, norm === "byRow" ? table.rows[i]! : table.columns[j]!) : "0";
    const box = h("td", {
      ...common, role: "gridcell", "aria-label": label, title: label,
      class: i === j ? "ms-i-right" : n ? "ms-i-wrong" : "ms-i-none",
    }, text);
    const share = part(i, j) / (most[i === j ? 0 : 1] || 1);
    if (n) box.style.setProperty("--ms-i-share", `${Math.round(12 + 38 * share)}%`);
    return box;
  };
  const foot = (part: number, whole: number, help: string) => h("td", { class: "ms-dim", title: t(help) }, percent(part, whole) + (whole ? " %" : ""));
  const grid = h("table", { class: "ms-i-matrix", role: "grid", "aria-label": t("matrix") },
    h("thead", {}, h("tr", { role: "row" }, h("td", { class: "ms-dim" }, t("axes")),
      ...shown.map((_, j) => cell(-1, j)), h("th", { scope: "col", class: "ms-dim", title: t("recallHelp") }, t("recall")))),
    h("tbody", {}, ...shown.map((_, i) => h("tr", { role: "row" }, cell(i, -1), ...shown.map((_, j) => cell(i, j)),
      foot(counts[i]![i]!, table.rows[i]!, "recallHelp"))),
    h("tr", { role: "row" }, h("th", { scope: "row", class: "ms-dim", title: t("precisionHelp") }, t("precision")),
      ...shown.map((_, j) => foot(counts[j]![j]!, table.columns[j]!, "precisionHelp")), h("td"))));

  const pick = (i: number, j: number, focus: boolean) =>
    choose({ true: i < 0 ? null : shown[i]!, predicted: j < 0 ? null : shown[j]! }, focus);
  grid.addEventListener("click", (event) => {
    const place = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]")?.dataset["cell"];
    if (place) { const [i, j] = place.split(",").map(Number); pick(i!, j!, true); }
  });
  grid.addEventListener("keydown", (event) => {
    const place = (event.target as HTMLElement).dataset["cell"];
    const move = ({
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [0, 0], " ": [0, 0],
    } as Record<string, [number, number]>)[event.key];
    if (!place || !move) return;
    event.preventDefault();
    event.stopPropagation();
    const [i, j] = place.split(",").map(Number) as [number, number];
    const [r, c] = [Math.min(Math.max(i + move[0], -1), size - 1), Math.min(Math.max(j + move[1], -1), size - 1)];
    if (r >= 0 || c >= 0) pick(r, c, true); // the corner is nobody's
  });
  return grid;
}

// The runs in a table: what they were made with and what came out; any column sorts.
import type { Board } from "./dashboard-board";
import type { RunInfo } from "./dashboard-data";
import { h, number } from "./shared";

type Value = string | number | null;

function valuesOf(run: RunInfo): Map<string, Value> {
  const out = new Map<string, Value>([["run", run.name]]);
  const put = (key: string, value: unknown) => {
    if (value !== "" && value != null) out.set(key, typeof value === "number" ? value : String(value));
  };
  for (const [key, value] of Object.entries(run.lineage["train"] ?? {})) put(key, value);
  for (const [key, value] of Object.entries(run.lineage["evaluation"] ?? {})) put(`eval/${key}`, value);
  for (const [key, value] of Object.entries(run.lineage["custom"] ?? {})) put(`user/${key}`, value);
  const stages = run.lineage["dataset"]?.["stages"];
  if (Array.isArray(stages)) put("stages", stages.join(" → "));
  for (const [tag, [, last]] of Object.entries(run.scalars).slice(0, 8)) put(`last/${tag}`, last);
  put("updated", run.updated);
  return out;
}

export class TableView {
  readonly element = h("div", { class: "ms-d-scroll" });
  private key = "run";
  private down = false;
  private drawn = "";

  constructor(private board: Board) {}

  update(): void {
    const board = this.board;
    const rows = board.chosen().map(valuesOf);
    const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((c) => c !== "updated");
    columns.push("updated");
    const title = (key: string) => {
      const [kind, rest] = [key.split("/")[0]!, key.slice(key.indexOf("/") + 1)];
      return key.includes("/") ? (kind === "last" ? rest : `${kind === "eval" ? "✓ " : ""}${rest}`) : board.t(key);
    };
    // Drawn anew each second, it would take keys and half-done clicks away from the reader.
    const state = JSON.stringify([rows.map((row) => [...row]), this.key, this.down, board.language]);
    if (state === this.drawn) return;
    this.drawn = state;
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.["column"];
    rows.sort((a, b) => compare(a.get(this.key) ?? null, b.get(this.key) ?? null, this.down ? -1 : 1));
    const head = columns.map((key) => h("th", {
      scope: "col", "aria-sort": key === this.key ? (this.down ? "descending" : "ascending") : "none",
    }, h("button", { type: "button", "data-column": key, title: board.t("sort", { name: title(key) }), onclick: () => {
      this.down = key === this.key && !this.down;
      this.key = key;
      this.update();
    } }, title(key), key === this.key ? (this.down ? " ▼" : " ▲") : "")));
    this.element.replaceChildren(rows.length ? h("table", { class: "ms-d-table" },
      h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...columns.map((key, k) => {
        const value = row.get(key) ?? null;
        const text = value === null ? "" : typeof value === "number"
          ? key === "updated" ? new Date(1000 * value).toLocaleString(board.language === "zh" ? "zh-CN" : "en") : number(value)
          : value;
        return k === 0 ? h("th", { scope: "row" }, text) : h("td", {}, text);
      }))))) : h("p", { class: "ms-d-empty" }, board.t("noneChosen")));
    if (focused !== undefined) this.element.querySelectorAll("button")[columns.indexOf(focused)]?.focus();
  }
}

/** Runs without a value come last, whichever way the others are sorted. */
function compare(a: Value, b: Value, way: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return way * (a - b);
  return way * String(a).localeCompare(String(b), undefined, { numeric: true });
}

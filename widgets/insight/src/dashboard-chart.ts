// One tag's card: the curves of the chosen runs, with a legend that reads the cursor.
import uPlot from "uplot";
import { align } from "./curves-store";
import { type Curve, curves } from "./dashboard-data";
import type { Board } from "./dashboard-board";
import { colour, h, integer, number } from "./shared";

const LIMIT = 1000; // points of a curve in a card; its ups and downs are kept

/** Exponential moving average without the pull towards zero at the start; gaps stay gaps. */
function smooth(values: Float64Array, weight: number): Float64Array {
  let mean = 0, mass = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return NaN;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}

export class ChartCard {
  readonly element: HTMLElement;
  private host = h("div", { class: "ms-d-plot", tabindex: 0, role: "group" });
  private legend = h("ul", { class: "ms-d-legend" });
  private note = h("span", { class: "ms-dim" });
  private plot: uPlot | null = null;
  private data: Curve[] = [];
  private asked = "";
  private drawn = "";
  private busy = false;
  private cursor: number | null = null;
  visible = false;

  constructor(private board: Board, readonly tag: string) {
    this.element = h("section", { class: "ms-d-card", "data-tag": tag },
      h("h3", {}, tag), this.host, this.legend, this.note);
    this.host.addEventListener("keydown", (event) => this.key(event));
    this.host.addEventListener("mouseleave", () => this.read(null));
  }

  /** Ask for what is new, draw what has changed. */
  async update(): Promise<void> {
    if (!this.visible || this.busy) return;
    const runs = this.board.chosen().filter((run) => this.tag in run.scalars);
    const wanted = JSON.stringify(runs.map((run) => [run.number, run.scalars[this.tag]![0]]));
    this.busy = true;
    try {
      if (wanted !== this.asked) {
        this.data = runs.length ? await curves(this.tag, runs.map((run) => run.number), LIMIT) : [];
        this.asked = wanted;
      }
      this.draw();
    } catch {
      this.asked = ""; // the list's own request tells the reader
    } finally {
      this.busy = false;
    }
  }

  /** Horizontal places of a curve, by the chosen axis. */
  private xs(curve: Curve): Float64Array {
    if (this.board.axis === "step") return curve.steps;
    if (this.board.axis === "wall") return curve.walls;
    const start = curve.walls[0] ?? 0;
    return curve.walls.map((wall) => wall - start);
  }

  private draw(): void {
    const board = this.board;
    const state = JSON.stringify([this.asked, board.smoothing, board.log, board.axis, board.dark, board.language,
      this.host.clientWidth]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.plot?.destroy();
    const lines = this.data.flatMap((curve) => {
      const x = this.xs(curve);
      const plain = { x, y: curve.values };
      return board.smoothing > 0 ? [plain, { x, y: smooth(curve.values, board.smoothing) }] : [plain];
    });
    const dim = colour(board.root, "--ms-dim");
    const grid = { stroke: colour(board.root, "--ms-line"), width: 1 };
    const font = `11px ${getComputedStyle(board.root).fontFamily}`;
    const series: uPlot.Series[] = [{}];
    for (const curve of this.data) {
      const stroke = board.ink(curve.run);
      const dash = board.dashed(curve.run) ? [6, 4] : undefined;
      const common: uPlot.Series = { stroke, spanGaps: true, ...(dash ? { dash } : {}) };
      if (board.smoothing > 0) series.push({ ...common, width: 1, alpha: 0.25, points: { show: false } });
      series.push({ ...common, width: 1.75, points: { show: curve.values.length < 24, size: 5, fill: stroke } });
    }
    this.plot = new uPlot({
      width: Math.max(this.host.clientWidth, 240), height: 210, series, legend: { show: false },
      scales: { x: { time: board.axis === "wall" }, y: board.log ? { distr: 3 } : {} },
      axes: [
        { stroke: dim, font, grid, ticks: { show: false }, size: 28,
          ...(board.axis === "wall" ? {} : { values: (_u, all) => all.map((v) => number(v, 6)) }) },
        { stroke: dim, font, grid, ticks: { show: false }, size: 60,
          values: (_u, all) => all.map((v) => (v == null ? "" : number(v))) },
      ],
      cursor: { y: false, drag: { x: true, y: false } },
      hooks: { setCursor: [(u) => {
        const left = u.cursor.left ?? -1;
        if (left >= 0) this.read(u.posToVal(left, "x"));
      }] },
    }, align(lines, board.log) as uPlot.AlignedData, this.host);
    this.read(this.cursor);
  }

  /** Figures at x, or the last ones. */
  private read(x: number | null): void {
    this.cursor = x;
    const board = this.board;
    this.host.setAttribute("aria-label", board.t("chartOf", { tag: this.tag }));
    let shown = 0, all = 0;
    const rows = this.data.slice(0, 12).map((curve) => {
      const places = this.xs(curve);
      let at = places.length - 1;
      if (x !== null) while (at > 0 && places[at]! > x) at--;
      const run = board.run(curve.run);
      const value = h("b", {}, number(curve.values[at] ?? NaN));
      return h("li", {}, h("i", { style: `--ink: ${board.ink(curve.run)}`, class: board.dashed(curve.run) ? "ms-d-dash" : "" }),
        h("span", { class: "ms-d-name", title: run?.name ?? "" }, run?.name ?? ""), value,
        h("span", { class: "ms-dim" }, board.t("at", { step: integer(curve.steps[at] ?? 0) })));
    });
    for (const curve of this.data) { shown += curve.values.length; all += curve.all; }
    if (this.data.length > 12) rows.push(h("li", { class: "ms-dim" }, `+ ${this.data.length - 12}`));
    this.legend.replaceChildren(...rows);
    this.note.textContent = all > shown ? board.t("thinned", { shown: integer(shown), all: integer(all) }) : "";
  }

  private key(event: KeyboardEvent): void {
    const longest = this.data.reduce<Curve | null>((a, b) => (!a || b.steps.length > a.steps.length ? b : a), null);
    if (!longest || !this.plot) return;
    const places = this.xs(longest);
    let at = places.length - 1;
    if (this.cursor !== null) while (at > 0 && places[at]! > this.cursor) at--;
    const stride = event.shiftKey ? 10 : 1;
    const next: Record<string, number> = {
      ArrowLeft: at - stride, ArrowRight: at + stride, Home: 0, End: places.length - 1,
    };
    if (!(event.key in next)) return;
    const x = places[Math.min(Math.max(next[event.key]!, 0), places.length - 1)]!;
    this.plot.setCursor({ left: this.plot.valToPos(x, "x"), top: 40 }, false);
    this.read(x);
    this.board.say(this.legend.textContent ?? "");
    event.preventDefault();
  }

  destroy(): void { this.plot?.destroy(); }
}

// One tag's card: the curves of the chosen runs, with a legend that reads the cursor.
import uPlot from "uplot";
import { download } from "./curves-export";
import { align, smooth } from "./curves-store";
import type { Board } from "./dashboard-board";
import { type Curve, type Range, csvOf, curves } from "./dashboard-data";
import { type Entry, fileName, pngOf, svgOf } from "./dashboard-export";
import { Limits } from "./dashboard-limits";
import { tool } from "./dashboard-tools";
import { colour, h, integer, number } from "./shared";

const LIMIT = 1000, ALL = 40_000; // points of a curve in a card, and of all; ups and downs are kept
const LEGEND = 12;

export class ChartCard {
  readonly element: HTMLElement;
  visible = false;
  private host = h("div", { class: "ms-d-plot", tabindex: 0, role: "group" });
  private legend = h("ul", { class: "ms-d-legend" });
  private note = h("span", { class: "ms-dim" });
  private remarks = h("div", { role: "status" });
  private limits: Limits;
  private tools: ReturnType<typeof tool>[];
  private plot: uPlot | null = null;
  private data: Curve[] = [];
  private zooms: { x: Range; y: Range | null }[] = []; // the boxes drawn so far, the newest last
  private asked = "";
  private drawn = "";
  private busy = false;
  private boxing = false; // a box is being drawn: the chart under it stays

  constructor(private board: Board, readonly tag: string) {
    this.limits = new Limits(board, tag, () => this.draw());
    const back = tool("back", "↩", () => { this.zooms.pop(); void this.update(); });
    const limits = tool("limits", "≷", () => {
      this.limits.element.hidden = !this.limits.element.hidden;
      limits.element.setAttribute("aria-pressed", String(!this.limits.element.hidden));
    });
    const wide = tool("wide", "⤢", () => {
      wide.element.setAttribute("aria-pressed", String(this.element.classList.toggle("ms-d-wide")));
      this.draw();
    });
    for (const toggle of [limits, wide]) toggle.element.setAttribute("aria-pressed", "false");
    const saves = (["csv", "svg", "png"] as const).map((kind) => tool(kind, kind.toUpperCase(), () => void this.save(kind)));
    this.tools = [back, limits, ...saves, wide];
    this.element = h("section", { class: "ms-d-card", "data-tag": tag },
      h("header", {}, h("h3", {}, tag), h("span", { class: "ms-d-tools" }, ...this.tools.map((t) => t.element))),
      this.limits.element, this.host, this.legend, this.note, this.remarks);
    this.host.addEventListener("keydown", (event) => this.key(event));
    this.host.addEventListener("mouseleave", () => board.point(null));
    board.pointed.add(this.follow);
  }

  private get zoom(): Range | null { return this.zooms.at(-1)?.x ?? null; }
  private get zoomY(): Range | null { return this.zooms.filter((z) => z.y).at(-1)?.y ?? null; }

  /** Ask for what is new, draw what has changed. */
  async update(): Promise<void> {
    if (!this.visible || this.busy) return;
    const { axis } = this.board;
    if (this.zooms.length && this.zoomAxis !== axis) this.zooms = []; // steps are no seconds
    const runs = this.board.chosen().filter((run) => this.tag in run.scalars);
    const wanted = JSON.stringify([runs.map((run) => [run.number, run.scalars[this.tag]![0]]), this.zoom && [axis, this.zoom]]);
    const limit = Math.max(240, Math.min(LIMIT, Math.floor(ALL / Math.max(runs.length, 1))));
    this.busy = true;
    try {
      if (wanted !== this.asked) {
        this.data = runs.length ? await curves(this.tag, runs.map((run) => run.number), limit, axis, this.zoom) : [];
        this.asked = wanted;
      }
      this.draw();
    } catch {
      this.asked = ""; // the list's own request tells the reader
    } finally {
      this.busy = false;
    }
    if (this.asked && this.zoom !== this.shownZoom) void this.update(); // zoomed while it was asking
  }
  private zoomAxis = "";
  private shownZoom: Range | null = null;

  /** Horizontal places of a curve, by the chosen axis. */
  private xs(curve: Curve): Float64Array {
    if (this.board.axis === "step") return curve.steps;
    return this.board.axis === "wall" ? curve.walls : curve.walls.map((wall) => wall - curve.start);
  }

  private draw(): void {
    const { board } = this;
    if (this.boxing) return;
    for (const { label } of this.tools) label(board.t);
    this.limits.label();
    this.shownZoom = this.zoom;
    const state = JSON.stringify([this.asked, this.zooms.at(-1), this.limits.pair, board.smoothing, board.log, board.axis, board.dark,
      board.language, this.host.clientWidth]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.plot?.destroy();
    this.plot = this.makePlot();
    this.tools[0]!.element.disabled = !this.zooms.length;
    this.remarks.replaceChildren(...this.limits.remarks(this.data).map((text) => h("p", { class: "ms-note" }, text)));
    this.follow();
  }

  private makePlot(): uPlot {
    const { board } = this;
    const lines = this.data.flatMap((curve) => {
      const plain = { x: this.xs(curve), y: curve.values };
      return board.smoothing > 0 ? [plain, { x: plain.x, y: smooth(curve.values, board.smoothing) }] : [plain];
    });
    const dim = colour(board.root, "--ms-dim");
    const grid = { stroke: colour(board.root, "--ms-line"), width: 1 };
    const font = `11px ${getComputedStyle(board.root).fontFamily}`;
    const common = { stroke: dim, font, grid, ticks: { show: false } };
    const series: uPlot.Series[] = [{}];
    for (const curve of this.data) {
      const stroke = board.ink(curve.run);
      const own: uPlot.Series = { stroke, spanGaps: true, ...(board.dashed(curve.run) ? { dash: [6, 4] } : {}) };
      if (board.smoothing > 0) series.push({ ...own, width: 1, alpha: 0.25, points: { show: false } });
      series.push({ ...own, width: 1.75, points: { show: curve.values.length < 24, size: 5, fill: stroke } });
    }
    const clock = (v: number) => new Date(1000 * v).toLocaleTimeString(board.language === "zh" ? "zh-CN" : "en", { hour12: false });
    return new uPlot({
      width: Math.max(this.host.clientWidth, 240), height: this.element.classList.contains("ms-d-wide") ? 420 : 210,
      series, legend: { show: false }, padding: [8, 12, 0, 0],
      scales: {
        x: { time: false, range: (_u, low, high) => this.zoom ?? (low === high ? [low - 0.5, high + 0.5] : [low, high]) },
        y: board.log
          ? { distr: 3, range: (_u, low, high) => (this.zoomY && this.zoomY[0] > 0 ? this.zoomY : uPlot.rangeLog(low ?? 1, high ?? 10, 10, false)) }
          : { range: (_u, low, high) => this.zoomY ?? uPlot.rangeNum(low ?? 0, high ?? 1, 0.08, false) },
      },
      axes: [
        { ...common, size: 28, values: (_u, all) => all.map((v) => (board.axis === "wall" ? clock(v) : number(v, 6))) },
        { ...common, size: 60, values: (_u, all) => all.map((v) => (v == null ? "" : number(v))) },
      ],
      cursor: { y: false, drag: { x: true, y: true, uni: 24, setScale: false } },
      hooks: {
        setCursor: [(u) => {
          const left = u.cursor.left ?? -1, x = left >= 0 ? u.posToVal(left, "x") : NaN;
          if (Number.isFinite(x)) board.point(x);
        }],
        setSelect: [(u) => this.select(u)],
        draw: [(u) => this.limits.paint(u, board.log)],
        ready: [this.follow, (u) => {
          u.over.addEventListener("dblclick", () => { this.zooms = []; void this.update(); });
          u.over.addEventListener("mousedown", (event) => {
            if (event.button !== 0) return;
            this.boxing = true;
            addEventListener("mouseup", () => { this.boxing = false; void this.update(); }, { once: true });
          });
        }],
      },
    }, align(lines, board.log) as uPlot.AlignedData, this.host);
  }

  /** A box was drawn: the whole height means x alone. */
  private select(u: uPlot): void {
    const { left, top, width, height } = u.select;
    if (width <= 4 && height <= 4) return;
    const whole = height >= u.over.clientHeight - 1;
    const x: Range = width > 4 ? [u.posToVal(left, "x"), u.posToVal(left + width, "x")] : [u.scales["x"]!.min!, u.scales["x"]!.max!];
    this.zooms.push({ x, y: whole ? null : [u.posToVal(top + height, "y"), u.posToVal(top, "y")] });
    this.zoomAxis = this.board.axis;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    void this.update();
  }

  /** Show the shared cursor and read the figures there, or the last ones. */
  private readonly follow = (): void => {
    if (!this.visible || !this.plot) return;
    const { board } = this, x = board.cursor;
    const left = x === null ? NaN : this.plot.valToPos(x, "x"); // no number either before the first drawing
    this.plot.setCursor(left >= 0 ? { left, top: 40 } : { left: -10, top: -10 }, false);
    this.host.setAttribute("aria-label", board.t("chartOf", { tag: this.tag }));
    const rows = this.entries().map(({ text, ink, dashed, value, step }) =>
      h("li", {}, h("i", { style: `--ink: ${ink}`, class: dashed ? "ms-d-dash" : "" }),
        h("span", { class: "ms-d-name", title: text }, text), h("b", {}, value),
        h("span", { class: "ms-dim" }, board.t("at", { step }))));
    if (this.data.length > LEGEND) rows.push(h("li", { class: "ms-dim" }, `+ ${this.data.length - LEGEND}`));
    this.legend.replaceChildren(...rows);
    let shown = 0, all = 0;
    for (const curve of this.data) { shown += curve.values.length; all += curve.part; }
    this.note.textContent = all > shown ? board.t("thinned", { shown: integer(shown), all: integer(all) }) : "";
  };

  private entries(): (Entry & { value: string; step: string })[] {
    const x = this.board.cursor;
    return this.data.slice(0, LEGEND).map((curve) => {
      const places = this.xs(curve);
      let at = places.length - 1;
      if (x !== null) while (at > 0 && places[at]! > x) at--;
      return {
        text: this.board.run(curve.run)?.name ?? "", ink: this.board.ink(curve.run), dashed: this.board.dashed(curve.run),
        value: number(curve.values[at] ?? NaN), step: integer(curve.steps[at] ?? 0),
      };
    });
  }

  private async save(kind: "csv" | "svg" | "png"): Promise<void> {
    const name = `${fileName(this.tag)}.${kind}`;
    if (kind === "csv") {
      download(name, await csvOf(this.tag, this.data.map((curve) => curve.run)));
      return;
    }
    if (!this.plot) return;
    const legend = this.entries().map((entry) => ({ ...entry, text: `${entry.text}  ${entry.value}` }));
    const svg = svgOf(this.board.root, this.plot, this.tag, legend);
    const blob = kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await pngOf(svg);
    if (blob) download(name, blob);
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Backspace" || event.key === "Escape") {
      this.zooms = event.key === "Escape" ? [] : this.zooms.slice(0, -1);
      void this.update();
      event.preventDefault();
      return;
    }
    const longest = this.data.reduce<Curve | null>((a, b) => (!a || b.steps.length > a.steps.length ? b : a), null);
    if (!longest || !this.plot) return;
    const places = this.xs(longest), { cursor } = this.board;
    let at = places.length - 1;
    if (cursor !== null) while (at > 0 && places[at]! > cursor) at--;
    const stride = event.shiftKey ? 10 : 1;
    const next: Record<string, number> = {
      ArrowLeft: at - stride, ArrowRight: at + stride, Home: 0, End: places.length - 1,
    };
    if (!(event.key in next)) return;
    this.board.point(places[Math.min(Math.max(next[event.key]!, 0), places.length - 1)]!);
    this.follow();
    this.board.say(this.legend.textContent ?? "");
    event.preventDefault();
  }

  destroy(): void {
    this.board.pointed.delete(this.follow);
    this.plot?.destroy();
  }
}

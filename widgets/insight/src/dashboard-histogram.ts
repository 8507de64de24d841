// Histograms of one run and tag: one behind the other, or all on one floor; the slider picks a step.
import { Card } from "./dashboard-cards";
import { type HistogramRow, type RunInfo, histograms } from "./dashboard-data";
import { h, integer, number, s } from "./shared";

const WIDTH = 360, HEIGHT = 230, RIDGE = 56, LABELS = 46, LEFT = 8, RIGHT = WIDTH - LABELS;

export class HistogramCard extends Card<HistogramRow[]> {
  private hover = h("p", { class: "ms-dim ms-d-hover" });
  private low = 0;
  private high = 1;

  protected count(run: RunInfo) { return run.histograms[this.tag] ?? 0; }
  protected async ask() { return (await histograms(this.run.number, this.tag)).histograms; }
  protected last(rows: HistogramRow[]) { return rows.length - 1; }
  protected moments(rows: HistogramRow[]) { return rows.map((row): [number, number] => [row.step, row.wall]); }
  private x(value: number): number { return LEFT + ((value - this.low) / (this.high - this.low || 1)) * (RIGHT - LEFT); }

  protected draw(): void {
    const rows = this.data!, { at, board } = this;
    const overlay = board.ridges === "overlay";
    const bins = rows.flatMap((row) => row.bins);
    this.low = bins.reduce((low, [left]) => Math.min(low, left), Infinity);
    this.high = bins.reduce((high, [left, width]) => Math.max(high, left + width), -Infinity);
    const most = bins.reduce((top, [, , count]) => Math.max(top, count), 1);
    const ground = HEIGHT - 24, rise = overlay ? ground - 8 : RIDGE;
    const gap = !overlay && rows.length > 1 ? (ground - RIDGE) / (rows.length - 1) : 0;
    const floor = (k: number) => (overlay ? ground : rows.length > 1 ? RIDGE + k * gap : ground);
    const ink = `--ink: ${board.ink(this.run.number)}`;
    const paths = rows.map((row, k) => {
      const y = (bin: HistogramRow["bins"][number]) => (floor(k) - (bin[2] / most) * rise).toFixed(1);
      // A bin is a step of the outline: nothing is invented between the counts.
      const line = row.bins.map((bin) => `L${this.x(bin[0]).toFixed(1)} ${y(bin)}L${this.x(bin[0] + bin[1]).toFixed(1)} ${y(bin)}`);
      const first = row.bins[0]?.[0] ?? this.low, end = row.bins.at(-1);
      const close = end ? `L${this.x(end[0] + end[1]).toFixed(1)} ${floor(k)}` : "";
      return s("path", {
        d: `M${this.x(first).toFixed(1)} ${floor(k)}${line.join("")}${close}Z`,
        class: `ms-d-ridge${overlay ? " ms-d-over" : ""}${k === at ? " ms-d-on" : ""}`,
        style: overlay ? `${ink}; --age: ${(0.15 + (0.85 * k) / Math.max(rows.length - 1, 1)).toFixed(2)}` : ink, "data-step": row.step,
        onpointerenter: () => { if (!overlay && k !== this.at) this.goTo(k); },
      });
    });
    if (paths[at]) paths.push(paths.splice(at, 1)[0]!); // the chosen one in front
    const text = (words: string, x: number, y: number, anchor: string, on = false) =>
      s("text", { x, y, "text-anchor": anchor, class: on ? "ms-d-on" : "" }, words);
    const ends = rows.length && this.low < this.high
      ? [text(number(this.low), LEFT, HEIGHT - 6, "start"), text(number(this.high), RIGHT, HEIGHT - 6, "end")] : [];
    const labels: SVGElement[] = [];
    if (!overlay) {
      const stride = Math.max(1, Math.ceil(16 / (gap || 16)));
      rows.forEach((_, k) => {
        const near = Math.abs(k - at) < stride && k !== at;
        if (k === at || (k % stride === 0 && !near)) labels.push(text(this.when(k), RIGHT + 6, floor(k) + 3, "start", k === at));
      });
    }
    const row = rows[at];
    const label = row ? board.t("histogramOf", {
      tag: this.tag, run: this.run.name, step: integer(row.step), count: integer(row.count),
      min: number(Number(row.min)), max: number(Number(row.max)), mean: number(Number(row.sum) / row.count),
    }) : "";
    const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "ms-d-ridges" }, ...paths, ...ends, ...labels);
    picture.addEventListener("pointermove", (event) => this.read(event, picture));
    this.hover.textContent = "\u00a0";
    this.body.replaceChildren(picture, this.hover);
    this.slider.setAttribute("aria-valuetext", label);
    const odd = row && row.nan + row.inf ? ` · NaN ${row.nan} · inf ${row.inf}` : "";
    this.caption.textContent = row ? `${board.t("at", { step: integer(row.step) })} · ${number(Number(row.min))} … ${number(Number(row.max))}${odd}` : "";
  }

  /** A row's place in time, by the chosen axis. */
  private when(k: number): string {
    const { axis, language } = this.board, row = this.data![k]!;
    if (axis === "step") return integer(row.step);
    if (axis === "relative") return `${number(row.wall - this.data![0]!.wall, 3)} s`;
    return new Date(1000 * row.wall).toLocaleTimeString(language === "zh" ? "zh-CN" : "en", { hour12: false });
  }

  /** The bin of the chosen step under the pointer. */
  private read(event: PointerEvent, picture: SVGElement): void {
    const box = picture.getBoundingClientRect(), row = this.data![this.at];
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const value = this.low + ((x - LEFT) / (RIGHT - LEFT)) * (this.high - this.low);
    const bin = row?.bins.find(([left, width]) => value >= left && value < left + width);
    this.hover.textContent = bin ? this.board.t("bin", { low: number(bin[0]), high: number(bin[0] + bin[1]), count: integer(bin[2]) }) : "\u00a0";
  }
}

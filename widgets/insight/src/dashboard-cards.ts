// Cards of one run and tag: histograms as a ridge of steps, pictures with a step slider.
import { type Board } from "./dashboard-board";
import { type HistogramRow, type RunInfo, histograms, imageAddress, imageSteps } from "./dashboard-data";
import { h, integer, number, s } from "./shared";

const WIDTH = 360, HEIGHT = 230, RIDGE = 56;

abstract class Card<Data> {
  readonly element: HTMLElement;
  protected body = h("div", {});
  protected slider = h("input", { type: "range", min: 0, max: 0, value: 0 });
  protected caption = h("output", { class: "ms-dim" });
  protected data: Data | null = null;
  private asked = -1;
  private busy = false;
  visible = false;

  constructor(protected board: Board, protected run: RunInfo, readonly tag: string) {
    this.element = h("section", { class: "ms-d-card", "data-tag": tag, "data-run": run.name },
      h("h3", {}, tag), h("p", { class: "ms-dim ms-d-name", title: run.name }, run.name),
      this.body, this.slider, this.caption);
    this.slider.addEventListener("input", () => this.draw());
  }

  protected abstract count(run: RunInfo): number;
  protected abstract ask(): Promise<Data>;
  protected abstract last(data: Data): number;
  abstract draw(): void;

  async update(): Promise<void> {
    const run = this.board.run(this.run.number);
    if (!this.visible || this.busy || !run) return;
    const count = this.count(run);
    if (count === this.asked) return;
    this.busy = true;
    try {
      this.data = await this.ask();
      const last = this.last(this.data);
      const following = Number(this.slider.value) >= Number(this.slider.max);
      this.slider.max = String(last);
      if (following) this.slider.value = String(last);
      this.asked = count;
      this.draw();
    } catch {
      this.body.replaceChildren(h("p", { class: "ms-note" }, this.board.t("broken")));
    } finally {
      this.busy = false;
    }
  }

  destroy(): void {}
}

export class HistogramCard extends Card<HistogramRow[]> {
  protected count(run: RunInfo) { return run.histograms[this.tag] ?? 0; }
  protected async ask() { return (await histograms(this.run.number, this.tag)).histograms; }
  protected last(rows: HistogramRow[]) { return rows.length - 1; }

  draw(): void {
    const rows = this.data ?? [];
    const at = Math.min(Number(this.slider.value), rows.length - 1);
    let low = Infinity, high = -Infinity, most = 0;
    for (const { bins } of rows) {
      for (const [left, width, count] of bins) {
        low = Math.min(low, left);
        high = Math.max(high, left + width);
        most = Math.max(most, count);
      }
    }
    const x = (value: number) => 8 + ((value - low) / (high - low || 1)) * (WIDTH - 16);
    const gap = rows.length > 1 ? (HEIGHT - RIDGE - 24) / (rows.length - 1) : 0;
    const paths = rows.map((row, k) => {
      const floor = RIDGE + k * gap;
      const y = (count: number) => floor - (count / (most || 1)) * RIDGE;
      // A bin is a step of the outline: nothing is invented between the counts.
      const line = row.bins.map(([left, width, count]) =>
        `L${x(left).toFixed(1)} ${y(count).toFixed(1)}L${x(left + width).toFixed(1)} ${y(count).toFixed(1)}`);
      const first = row.bins[0]?.[0] ?? low, end = row.bins[row.bins.length - 1];
      const close = end ? `L${x(end[0] + end[1]).toFixed(1)} ${floor}` : "";
      return s("path", {
        d: `M${x(first).toFixed(1)} ${floor}${line.join("")}${close}Z`,
        class: k === at ? "ms-d-ridge ms-d-on" : "ms-d-ridge",
        style: `--ink: ${this.board.ink(this.run.number)}`, "data-step": row.step,
        onpointerenter: () => { this.slider.value = String(k); this.draw(); },
      });
    });
    if (paths[at]) paths.push(paths.splice(at, 1)[0]!); // the chosen one in front
    const text = (value: number, anchor: string, place: number) =>
      s("text", { x: place, y: HEIGHT - 6, "text-anchor": anchor }, number(value));
    const row = rows[at];
    const label = row ? this.board.t("histogramOf", {
      tag: this.tag, run: this.run.name, step: integer(row.step), count: integer(row.count),
      min: number(Number(row.min)), max: number(Number(row.max)), mean: number(Number(row.sum) / row.count),
    }) : "";
    this.body.replaceChildren(s("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "ms-d-ridges",
    }, ...paths, ...(rows.length && low < high ? [text(low, "start", 8), text(high, "end", WIDTH - 8)] : [])));
    this.slider.setAttribute("aria-label", this.board.t("step"));
    this.slider.setAttribute("aria-valuetext", label);
    const odd = row && row.nan + row.inf ? ` · NaN ${row.nan} · inf ${row.inf}` : "";
    this.caption.textContent = row ? `${this.board.t("at", { step: integer(row.step) })} · ${number(Number(row.min))} … ${number(Number(row.max))}${odd}` : "";
  }
}

export class ImageCard extends Card<[number, number][]> {
  private picture = h("img", { class: "ms-d-image" });
  protected count(run: RunInfo) { return run.images[this.tag] ?? 0; }
  protected async ask() { return (await imageSteps(this.run.number, this.tag)).steps; }
  protected last(steps: [number, number][]) { return steps.length - 1; }

  draw(): void {
    const steps = this.data ?? [];
    const at = Math.min(Number(this.slider.value), steps.length - 1);
    const step = steps[at]?.[0] ?? 0;
    const label = this.board.t("imageOf", { tag: this.tag, run: this.run.name, step: integer(step) });
    this.picture.src = imageAddress(this.run.number, this.tag, at);
    this.picture.alt = label;
    if (!this.picture.isConnected) this.body.replaceChildren(this.picture);
    this.slider.setAttribute("aria-label", this.board.t("step"));
    this.slider.setAttribute("aria-valuetext", label);
    this.caption.textContent = this.board.t("at", { step: integer(step) });
  }
}

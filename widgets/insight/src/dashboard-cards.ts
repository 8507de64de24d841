// Cards of one run and tag with a step slider; among them pictures. Histograms and tensors have
// files of their own.
import { nearest } from "./cursor";
import { type Board } from "./dashboard-board";
import { type RunInfo, imageAddress, stepsOf } from "./dashboard-data";
import { tool } from "./dashboard-tools";
import { h, integer } from "./shared";

export abstract class Card<Data> {
  readonly element: HTMLElement;
  visible = false;
  protected body = h("div", {});
  protected slider = h("input", { type: "range", min: 0, max: 0, value: 0 });
  protected caption = h("output", { class: "ms-dim" });
  protected bar = h("span", { class: "ms-d-tools" });
  protected data: Data | null = null;
  private wide = tool("wide", "⤢", () => {
    this.wide.element.setAttribute("aria-pressed", String(this.element.classList.toggle("ms-d-wide")));
    this.redraw();
  });
  private asked = -1;
  private busy = false;

  constructor(protected board: Board, protected run: RunInfo, readonly tag: string) {
    this.wide.element.setAttribute("aria-pressed", "false");
    this.bar.append(this.wide.element);
    this.element = h("section", { class: "ms-d-card", "data-tag": tag, "data-run": run.name },
      h("header", {}, h("h3", {}, tag), this.bar), h("p", { class: "ms-dim ms-d-name", title: run.name }, run.name),
      this.body, this.slider, this.caption);
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
    board.pointed.add(this.follow);
  }

  protected abstract count(run: RunInfo): number;
  protected abstract ask(): Promise<Data>;
  protected abstract last(data: Data): number;
  /** Step and time of each record, in their order. */
  protected abstract moments(data: Data): [number, number][];
  protected abstract draw(): void;

  /** The record at place k is chosen here; what else has steps follows. */
  protected goTo(k: number): void {
    this.slider.value = String(k);
    this.draw();
    this.board.point(this.xs()[this.at] ?? null);
  }

  /** Horizontal places of the records, by the chosen axis. */
  private xs(): number[] {
    const moments = this.data ? this.moments(this.data) : [], { axis } = this.board;
    return moments.map(([step, wall]) => (axis === "step" ? step : axis === "wall" ? wall : wall - moments[0]![1]));
  }

  private readonly follow = (): void => {
    const x = this.board.cursor;
    if (x === null || !this.visible || !this.data) return;
    const k = nearest(this.xs(), x);
    if (k < 0 || k === this.at) return;
    this.slider.value = String(k);
    this.draw();
  };

  protected get at(): number { return Math.min(Number(this.slider.value), this.data ? this.last(this.data) : 0); }

  /** The reader's choices have changed, not the data. */
  redraw(): void {
    this.wide.label(this.board.t);
    this.slider.setAttribute("aria-label", this.board.t("step"));
    if (this.data) this.draw();
  }

  async update(): Promise<void> {
    const run = this.board.run(this.run.number);
    if (!this.visible || this.busy || !run) return;
    const count = this.count(run);
    if (count === this.asked) return;
    this.busy = true;
    try {
      const first = this.data === null;
      this.data = await this.ask();
      const last = this.last(this.data);
      const following = Number(this.slider.value) >= Number(this.slider.max);
      this.slider.max = String(last);
      if (following) this.slider.value = String(last);
      this.asked = count;
      this.redraw();
      if (first) this.follow();
    } catch {
      this.body.replaceChildren(h("p", { class: "ms-note" }, this.board.t("broken")));
    } finally {
      this.busy = false;
    }
  }

  destroy(): void { this.board.pointed.delete(this.follow); }
}

export class ImageCard extends Card<[number, number][]> {
  private picture = h("img", { class: "ms-d-image" });
  protected count(run: RunInfo) { return run.images[this.tag] ?? 0; }
  protected async ask() { return stepsOf("images", this.run.number, this.tag); }
  protected last(steps: [number, number][]) { return steps.length - 1; }
  protected moments(steps: [number, number][]) { return steps; }

  protected draw(): void {
    const step = this.data![this.at]?.[0] ?? 0;
    const label = this.board.t("imageOf", { tag: this.tag, run: this.run.name, step: integer(step) });
    this.picture.src = imageAddress(this.run.number, this.tag, this.at);
    this.picture.alt = label;
    if (!this.picture.isConnected) this.body.replaceChildren(this.picture);
    this.slider.setAttribute("aria-valuetext", label);
    this.caption.textContent = this.board.t("at", { step: integer(step) });
  }
}

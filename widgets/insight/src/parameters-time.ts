// Histograms over time with one step chosen: its histogram and figures, a slider, all of them below.
import { SharedCursor, nearest } from "./cursor";
import { type Series, type Translate, figures, histogram, overTime } from "./parameters-ridge";
import { h, integer } from "./shared";

export class Time {
  readonly root: HTMLElement;
  /** The chosen step; null is the latest, also when a new one comes. */
  step: number | null = null;
  private kind: "ridges" | "strip" = "ridges";
  private series: Series | null = null;
  private ink = "";
  private heading = "";
  private readonly chosen = h("div", {});
  private readonly slider = h("input", { type: "range", min: 0, "data-part": "step" });
  private readonly said = h("output", {});
  private readonly label = h("span", {});
  private readonly steps = h("div", { class: "ms-pick ms-p-steps" }, h("label", {}, this.label, this.slider, this.said));
  private readonly all = h("div", {});
  /** The step that a chart on the page points at is chosen here, and the other way round. */
  readonly cursor = new SharedCursor((x, axis) => {
    const steps = (this.series?.frames ?? []).map((frame) => frame.step);
    const k = x === null || axis !== "step" ? -1 : nearest(steps, x);
    if (k >= 0 && k !== this.place(this.series!.frames)) this.goTo(k, false);
  });

  constructor(
    private readonly t: Translate,
    private readonly say: (text: string) => void,
    private readonly moved: () => void = () => {},
  ) {
    this.root = h("div", {}, this.chosen, this.steps, this.all);
    this.slider.addEventListener("keydown", (event) => event.stopPropagation());
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
  }

  draw(series: Series | null, ink: string, heading: string): void {
    [this.series, this.ink, this.heading] = [series, ink, heading];
    this.redraw();
  }

  private place(frames: Series["frames"]): number {
    if (this.step === null) return frames.length - 1;
    return nearest(frames.map((frame) => frame.step), this.step);
  }

  private goTo(k: number, aloud = true): void {
    const frames = this.series?.frames ?? [];
    if (!frames[k]) return;
    this.step = k === frames.length - 1 ? null : frames[k].step;
    this.redraw();
    if (aloud) this.say(this.t("atStep", { step: integer(frames[k].step) }));
    this.moved();
    this.cursor.tell(frames[k].step);
  }

  private redraw(): void {
    const { t, series } = this;
    const frames = series?.frames ?? [];
    const many = frames.length > 1;
    this.steps.hidden = this.all.hidden = !many;
    this.label.textContent = t("stepSlider");
    if (!series || !frames.length) {
      this.chosen.replaceChildren(h("div", { class: "ms-dim" }, t("wait")));
      return;
    }
    const at = this.place(frames);
    const said = t("atStep", { step: integer(frames[at]!.step) });
    this.chosen.replaceChildren(h("h4", {}, this.heading),
      histogram(series, at, this.ink, many ? `${this.heading}, ${said}` : this.heading, t), figures(frames[at]!, t));
    if (!many) return;
    this.slider.max = String(frames.length - 1);
    this.slider.value = String(at);
    this.slider.setAttribute("aria-valuetext", said);
    this.said.textContent = said;
    const focused = this.all.querySelector("button:focus")?.getAttribute("data-kind");
    const buttons = (["ridges", "strip"] as const).map((kind) => h("button", {
      type: "button", class: "ms-toggle", "data-kind": kind, "aria-pressed": String(this.kind === kind),
      onclick: () => { this.kind = kind; this.redraw(); },
    }, t(kind)));
    this.all.replaceChildren(h("div", { class: "ms-pick" }, h("h4", {}, t("overTime")), ...buttons),
      overTime(series, at, this.ink, this.kind, t, (k) => this.goTo(k)));
    if (focused) buttons.find((button) => button.dataset["kind"] === focused)?.focus();
  }
}

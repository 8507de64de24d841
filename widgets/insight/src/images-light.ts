// Brightness and contrast: two sliders, and what they make of a value. The same as the CSS filters
// brightness() and contrast(), with which the contact sheet is drawn.
import { h, number } from "./shared";

export interface Light { brightness: number; contrast: number }

/** Keys pressed in a widget are its own: JupyterLab has commands on arrows and letters. */
export function keepKeys(root: HTMLElement): void {
  root.addEventListener("keydown", (event) => {
    const runs = event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.altKey);
    if (!runs && !event.ctrlKey && !event.metaKey && event.key !== "Escape") event.stopPropagation();
  });
}

const clamp = (x: number): number => Math.min(Math.max(x, 0), 1);

/** A value as a level from 0 to 255; NaN for what is not finite. */
export function level(v: number, range: { low: number; high: number }, light: Light): number {
  if (!Number.isFinite(v)) return NaN;
  const span = range.high > range.low ? range.high - range.low : 1;
  const part = Math.round(255 * clamp((v - range.low) / span)) / 255;
  return Math.round(255 * clamp((clamp(part * light.brightness) - 0.5) * light.contrast + 0.5));
}

export class LightControls {
  readonly element = h("span", { class: "ms-i-light" });
  private sliders = (["brightness", "contrast"] as const).map((name) => h("input", {
    type: "range", min: 0, max: name === "brightness" ? 3 : 4, step: 0.05, value: 1, "data-action": name,
    oninput: () => this.apply(),
  }));
  private names = this.sliders.map(() => h("span"));
  private outputs = this.sliders.map(() => h("output"));
  private reset = h("button", { type: "button", "data-action": "reset", onclick: () => {
    for (const slider of this.sliders) slider.value = "1";
    this.apply();
  } });

  constructor(
    private t: (key: string, values?: Record<string, string | number>) => string,
    private root: HTMLElement, private changed: () => void,
  ) {
    this.element.append(...this.sliders.map((slider, k) =>
      h("label", {}, this.names[k]!, slider, this.outputs[k]!)), this.reset);
    this.apply(false);
  }

  readonly light = (): Light => ({
    brightness: Number(this.sliders[0]!.value), contrast: Number(this.sliders[1]!.value),
  });

  label(): void {
    for (const [k, key] of ["brightness", "contrast"].entries()) this.names[k]!.textContent = this.t(key);
    this.reset.textContent = this.t("reset");
  }

  private apply(tell = true): void {
    const { brightness, contrast } = this.light();
    this.outputs[0]!.textContent = `×${number(brightness, 3)}`;
    this.outputs[1]!.textContent = `×${number(contrast, 3)}`;
    this.root.style.setProperty("--ms-i-light", `brightness(${brightness}) contrast(${contrast})`);
    if (tell) this.changed();
  }

  /** Which values are black and white, before and after the sliders. */
  words(low: number, high: number): string {
    const { brightness, contrast } = this.light();
    const said = this.t("range", { low: number(low), high: number(high) });
    if (brightness === 1 && contrast === 1) return said;
    if (contrast < 1 || brightness === 0) return `${said} · ${this.t("greys")}`;
    const back = (x: number) => low + (high - low) * ((x - 0.5) / contrast + 0.5) / brightness;
    return `${said} · ${this.t("drawn", { low: number(back(0), 3), high: number(back(1), 3) })}`;
  }
}

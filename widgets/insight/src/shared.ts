// What every widget needs: words in two languages, numbers, theme, and small DOM helpers.
import "./shared.css";

export type Language = "en" | "zh";

/** The part of an anywidget model that the widgets use. */
export interface Model {
  get(name: string): any;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[] | ArrayBufferView[]): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event?: string | null, callback?: ((...args: any[]) => void) | null): void;
}

export type Words = Record<string, { en: string; zh: string }>;

/** `t("pause")`, or `t("nan", {name: "loss", step: 12})` for a text with {name} and {step} in it. */
export function translator(words: Words, model: Model) {
  return (key: string, values: Record<string, string | number> = {}): string => {
    const language: Language = model.get("language") === "zh" ? "zh" : "en";
    const text = words[key]?.[language] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  };
}

type Child = Node | string | null | undefined;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: any) => void)>;

/**
 * Make an element. Strings become text nodes, never markup: names of series and parameters are data.
 * A function is a listener (`onclick`), `false`/`null` leaves an attribute out.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => child != null));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG elements. */
export function s(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => child != null));
  return element;
}

/** Short number: 0.0123, 12.3, 1.2e-7, 12 345; "NaN" and "inf" by name; a real minus sign. */
export function number(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "−inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text: string;
  if (Number.isInteger(value) && size < 1e7) text = integer(value);
  else if (size >= 1e6 || size < 1e-4) text = value.toExponential(Math.max(digits - 2, 0));
  else text = String(Number(value.toPrecision(digits)));
  return text.replace("-", "−").replace("e+", "e").replace("e-", "e−");
}

/** 12 345 with a thin space between groups, as both languages read it. */
export function integer(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

export function isDark(): boolean {
  const flag = document.body.dataset["jpThemeLight"];
  if (flag !== undefined) return flag === "false";
  return matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;
}

/** Keep class `ms-dark` of `root` in step with the theme and tell `changed`; returns a stop function. */
export function followTheme(root: HTMLElement, changed: () => void = () => {}): () => void {
  const apply = () => {
    root.classList.toggle("ms-dark", isDark());
    changed();
  };
  root.classList.toggle("ms-dark", isDark());
  // JupyterLab loads the new theme's style sheet first and then sets these attributes.
  const observer = new MutationObserver(() => requestAnimationFrame(apply));
  observer.observe(document.body, {
    attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"],
  });
  const media = matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", apply);
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", apply);
  };
}

/** A colour of the widget as the canvas needs it: resolved, not `var(--…)`. */
export function colour(root: HTMLElement, name: string): string {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

/** Numbers out of a message's buffer, copied, because a DataView may start at any byte. */
export function float64(view: DataView): Float64Array {
  return new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

export function float32(view: DataView): Float32Array {
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** A polite live region: what `say` gets is read aloud, the last text of a burst only. */
export function announcer(root: HTMLElement): (text: string) => void {
  const region = h("div", { class: "ms-sr", "aria-live": "polite", role: "status" });
  root.append(region);
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => { region.textContent = text; }, 120);
  };
}

/** Call `work`, but not while `root` is pressed: a click whose target is made anew meanwhile is lost. */
export function betweenClicks(root: HTMLElement, work: () => void): () => void {
  let pressed = false;
  let wanted = false;
  root.addEventListener("pointerdown", () => {
    pressed = true;
    const released = () => setTimeout(() => { // the click itself comes first
      pressed = false;
      if (wanted) work();
      wanted = false;
    });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, released, { once: true });
  });
  return () => { if (pressed) wanted = true; else work(); };
}

/** Call `work` at most once a frame, however often the returned function is called. */
export function onceAFrame(work: () => void): () => void {
  let asked = 0;
  return () => {
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; work(); });
  };
}

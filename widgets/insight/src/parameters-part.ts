// The chosen part of one array: the slice's text, its heatmap, its values in any format, its file.
import { type Axis, type Look, entry, free, nameCell, paint, reach, scaleBar } from "./parameters-heat";
import { h, integer, type translator } from "./shared";

/** What the kernel answers to a look. */
export interface Answer extends Omit<Look, "cells"> {
  type: "look"; number: number; which: string; asked: number; step: number;
  shape: number[] | null; slice: string; texts: string[][];
  error?: { en: string; zh: string };
}
export interface Choice { slice: string; form: string; digits: number }

const FORMS = ["decimal", "scientific", "bits", "hex"];

export class Part {
  readonly root = h("div", { class: "ms-p-part" });
  readonly choice: Choice = { slice: "", form: "decimal", digits: 4 };
  private readonly heading = h("h4", {});
  private readonly box = h("input", { type: "text", spellcheck: "false", autocomplete: "off", "data-part": "slice" });
  private readonly boxLabel = h("span", {});
  private readonly wrong = h("div", { class: "ms-p-error", role: "alert", id: `ms-e${Math.random().toString(36).slice(2)}` });
  private readonly axes = h("div", { class: "ms-pick" });
  private readonly picture = h("div", { class: "ms-heat" });
  private readonly table = h("div", { class: "ms-p-values" });
  private readonly form = h("select", { "data-part": "form" });
  private readonly digits = h("input", { type: "number", min: 0, max: 17, "data-part": "digits" });
  private readonly formLabel = h("span", {});
  private readonly digitsLabel = h("span", {});
  private readonly copy = h("button", { type: "button", "data-action": "copy" });
  private readonly files: HTMLButtonElement[];
  private answer: Answer | null = null; // the last one that was no error
  private error: { en: string; zh: string } | null = null;
  private cells: Float32Array = new Float32Array();
  private at: [number, number] | null = null;

  constructor(
    private readonly t: ReturnType<typeof translator>,
    private readonly language: () => "en" | "zh",
    private readonly changed: () => void,
    private readonly say: (text: string) => void,
    save: (whole: boolean) => void,
  ) {
    this.files = [false, true].map((whole) => h("button", {
      type: "button", "data-action": whole ? "npy-all" : "npy", onclick: () => save(whole),
    }));
    this.box.addEventListener("change", () => { this.choice.slice = this.box.value; this.changed(); });
    this.form.addEventListener("change", () => { this.choice.form = this.form.value; this.changed(); });
    this.digits.addEventListener("change", () => {
      this.choice.digits = Math.min(Math.max(Math.round(Number(this.digits.value)) || 0, 0), 17);
      this.changed();
    });
    this.digits.value = String(this.choice.digits);
    this.copy.addEventListener("click", () => void this.copyAll());
    this.root.append(
      this.heading,
      h("div", { class: "ms-pick" }, h("label", {}, this.boxLabel, this.box), ...this.files),
      this.wrong, this.axes, this.picture,
      h("div", { class: "ms-pick ms-p-form" },
        h("label", {}, this.formLabel, this.form), h("label", {}, this.digitsLabel, this.digits), this.copy),
      this.table);
    // Keys in fields are for the fields: JupyterLab would take them for commands.
    for (const field of [this.box, this.form, this.digits]) field.addEventListener("keydown", (event) => event.stopPropagation());
    this.box.addEventListener("keydown", (event) => { if (event.key === "Enter") { this.choice.slice = this.box.value; this.changed(); } });
  }

  /** What was chosen in an earlier view of the same. */
  restore(choice: Choice): void {
    Object.assign(this.choice, choice);
    this.box.value = choice.slice;
    this.digits.value = String(choice.digits);
  }

  /** Another array: its slice begins anew. */
  reset(): void {
    this.choice.slice = this.box.value = "";
    this.answer = this.error = this.at = null;
  }

  take(answer: Answer, cells: Float32Array): void {
    this.error = answer.error ?? null;
    if (!this.error) [this.answer, this.cells] = [answer, cells];
    this.draw();
  }

  draw(): void {
    const { t, answer } = this;
    this.heading.textContent = t("heat");
    this.boxLabel.textContent = t("slice");
    this.box.title = t("sliceHelp");
    this.formLabel.textContent = t("form");
    this.digitsLabel.textContent = t("digits");
    this.copy.textContent = t("copy");
    this.files.forEach((button, k) => {
      button.textContent = t(k ? "whole" : "part");
      button.title = t(k ? "npyWhole" : "npyPart");
    });
    this.form.replaceChildren(...FORMS.map((form) =>
      h("option", { value: form, selected: form === this.choice.form }, t(form))));
    this.digits.disabled = this.choice.form === "bits" || this.choice.form === "hex";
    const nothing = answer !== null && answer.shape === null;
    this.root.classList.toggle("ms-p-none", nothing);
    const error = this.error?.[this.language()] ?? "";
    if (this.wrong.textContent !== error) this.wrong.textContent = error;
    this.box.setAttribute("aria-invalid", String(error !== ""));
    this.box.setAttribute("aria-describedby", this.wrong.id);
    for (const shown of [this.axes, this.picture, this.table]) shown.classList.toggle("ms-p-old", error !== "");
    this.files[0]!.disabled = this.copy.disabled = error !== "";
    if (error) return;
    if (!answer || nothing) {
      this.axes.replaceChildren();
      this.table.replaceChildren();
      this.picture.replaceChildren(h("div", { class: "ms-dim" }, t(nothing ? "noArray" : "wait")));
      return;
    }
    if (document.activeElement !== this.box || this.box.value.trim() === "") this.box.value = `[${answer.slice}]`;
    this.drawAxes(answer);
    this.drawHeat({ ...answer, cells: this.cells });
    this.drawTable(answer);
  }

  /** A slider for each axis of which one entry is chosen. */
  private drawAxes(answer: Answer): void {
    const fixed = answer.axes.flatMap((axis, k) => (typeof axis === "number" && answer.shape![k]! > 1 ? [k] : []));
    const known = [...this.axes.children].map((child) => Number((child as HTMLElement).dataset["axis"]));
    if (fixed.join() === known.join()) { // a slider that is being dragged stays what it is
      fixed.forEach((k, place) => {
        const label = this.axes.children[place]!;
        label.querySelector("input")!.value = String(answer.axes[k]);
        label.querySelector("output")!.textContent = String(answer.axes[k]);
      });
      return;
    }
    this.axes.replaceChildren(...fixed.map((k) => {
      const shown = h("output", {}, String(answer.axes[k]));
      return h("label", { "data-axis": k }, this.t("axis", { axis: k }), h("input", {
        type: "range", min: 0, max: answer.shape![k]! - 1, value: answer.axes[k] as number,
        onkeydown: (event: Event) => event.stopPropagation(),
        oninput: (event: Event) => {
          const parts = this.answer!.slice.split(", ");
          parts[k] = shown.textContent = (event.target as HTMLInputElement).value;
          this.choice.slice = this.box.value = `[${parts.join(", ")}]`;
          this.changed();
        },
      }), shown);
    }));
  }

  private drawHeat(look: Look & Answer): void {
    const { t } = this;
    const focused = this.picture.contains(document.activeElement);
    const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": `${t("heat")} [${look.slice}]. ${t("hover")}` });
    paint(canvas, look);
    // Cells as large as fits, square unless the matrix is a thin strip.
    const [high, wide] = look.full;
    const size = Math.min(400 / wide, 260 / high, 40);
    canvas.style.width = `${Math.max(size * wide, 24)}px`;
    canvas.style.height = `${Math.max(size * high, 24)}px`;
    const said = h("div", { class: "ms-said ms-dim" }, t("hover"));
    const point = (r: number, c: number, aloud = false) => {
      this.at = [Math.min(Math.max(r, 0), look.rows - 1), Math.min(Math.max(c, 0), look.columns - 1)];
      said.textContent = nameCell(look, ...this.at);
      said.classList.remove("ms-dim");
      if (aloud) this.say(said.textContent);
    };
    if (this.at) point(...this.at);
    canvas.addEventListener("mousemove", (event) => {
      const box = canvas.getBoundingClientRect();
      point(Math.floor(((event.clientY - box.top) / box.height) * look.rows),
        Math.floor(((event.clientX - box.left) / box.width) * look.columns));
    });
    canvas.addEventListener("keydown", (event) => {
      const moves: Record<string, [number, number]> = {
        ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      if (this.at) point(this.at[0] + move[0], this.at[1] + move[1], true); else point(0, 0, true);
    });
    this.picture.replaceChildren(canvas, scaleBar(reach(look.cells)), said);
    if (look.block[0] * look.block[1] > 1) {
      this.picture.append(h("div", { class: "ms-dim" }, t("joined", { r: look.block[0], c: look.block[1] })));
    }
    if (focused) canvas.focus({ preventScroll: true });
  }

  private drawTable(answer: Answer): void {
    const [rows, columns] = free(answer.axes);
    const [high, wide] = [answer.texts.length, answer.texts[0]?.length ?? 0];
    const whole = high === answer.full[0] && wide === answer.full[1];
    const head = (axis: Axis | undefined, k: number, scope: string) => h("th", { scope }, axis === undefined ? "" : String(entry(axis, k)));
    this.table.replaceChildren(
      h("div", { class: "ms-dim" }, this.t("values"), whole ? "" : ` (${this.t("first", { r: high, c: wide, rows: answer.full[0], columns: answer.full[1] })})`),
      h("div", { class: "ms-scroll", tabindex: 0, role: "region", "aria-label": this.t("values") }, h("table", {},
        h("thead", {}, h("tr", {}, h("td", {}), ...Array.from({ length: wide }, (_, c) => head(columns, c, "col")))),
        h("tbody", {}, ...answer.texts.map((row, r) => h("tr", {}, head(rows, r, "row"), ...row.map((text) => h("td", {}, text))))))));
  }

  private async copyAll(): Promise<void> {
    const texts = this.answer?.texts ?? [];
    const text = texts.map((row) => row.join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission, or a page without https
      const area = h("textarea", {}, text);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      this.copy.focus();
    }
    this.say(this.t("copied", { count: integer(texts.reduce((sum, row) => sum + row.length, 0)) }));
  }
}

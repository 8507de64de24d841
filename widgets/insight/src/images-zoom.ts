// One picture, large: every pixel's value under the pointer, and the numbers around it.
import { type Light, level } from "./images-light";
import { h, number } from "./shared";

export interface Values {
  rows: number; columns: number; channels: number; block: number; whole: boolean; cells: Float64Array;
}
/** What to draw of them: one channel or (-1) colour, and which values are black and white. */
export interface Range { channel: number; low: number; high: number }

const SIZE = 300;
const REACH = 3; // cells of the magnifier each way

export class Zoom {
  readonly element = h("div", { class: "ms-i-zoom" });
  private canvas = h("canvas", { tabindex: 0, role: "img" });
  private cursor = h("b", { class: "ms-i-cursor" });
  private frame = h("div", { class: "ms-i-frame" }, this.canvas, this.cursor);
  private heading = h("h4", {});
  private said = h("div", { class: "ms-i-said" });
  private loupe = h("div", { class: "ms-i-loupe", "aria-hidden": "true" });
  private note = h("div", { class: "ms-dim" });
  private values: Values | null = null;
  private range: Range = { channel: 0, low: 0, high: 1 };
  private at: [number, number] | null = null;

  constructor(
    private t: (key: string, values?: Record<string, string | number>) => string,
    private say: (text: string) => void, private light: () => Light,
  ) {
    this.canvas.addEventListener("pointermove", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const { rows, columns } = this.values!;
      this.point(((event.clientY - box.top) / box.height) * rows, ((event.clientX - box.left) / box.width) * columns);
    });
    this.canvas.addEventListener("keydown", (event) => {
      const move = ({
        ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      } as Record<string, [number, number]>)[event.key];
      if (!move || !this.values) return;
      event.preventDefault();
      event.stopPropagation();
      const [row, column] = this.at ?? [this.values.rows >> 1, this.values.columns >> 1];
      this.point(row + (this.at ? move[0] : 0), column + (this.at ? move[1] : 0));
      this.say(this.said.textContent ?? "");
    });
  }

  /** Nothing chosen: say what to do. */
  clear(text: string): void {
    this.values = null;
    this.element.replaceChildren(h("div", { class: "ms-dim" }, text));
  }

  /** Show a picture; the cursor stays where it was when the size is the same. */
  show(heading: string, values: Values, range: Range): void {
    if (this.values?.rows !== values.rows || this.values.columns !== values.columns) this.at = null;
    [this.values, this.range] = [values, range];
    this.heading.textContent = heading;
    this.canvas.setAttribute("aria-label", `${heading}. ${this.t("point")}`);
    this.note.textContent = values.block > 1 ? this.t("mean", { k: values.block }) : "";
    const fit = Math.min(SIZE / values.columns, SIZE / values.rows);
    const zoom = fit >= 1 ? Math.floor(fit) : fit;
    this.canvas.style.width = `${values.columns * zoom}px`;
    this.canvas.style.height = `${values.rows * zoom}px`;
    this.cursor.style.width = this.cursor.style.height = `${Math.max(zoom, 3)}px`;
    if (!this.canvas.isConnected) {
      this.element.replaceChildren(this.heading, this.frame, this.said, this.loupe, this.note);
    }
    this.redraw();
  }

  redraw(): void {
    const { values } = this;
    if (!values) return;
    this.canvas.width = values.columns;
    this.canvas.height = values.rows;
    const context = this.canvas.getContext("2d")!;
    const image = context.createImageData(values.columns, values.rows);
    for (let k = 0; k < values.rows * values.columns; k++) {
      const ink = this.ink(k);
      // A pixel that is not finite stays transparent: the stripes behind it show.
      if (ink) image.data.set([...ink, 255], 4 * k);
    }
    context.putImageData(image, 0, 0);
    if (this.at) this.point(...this.at);
    else {
      this.said.textContent = this.t("point");
      this.cursor.hidden = true;
      this.loupe.replaceChildren();
    }
  }

  /** The channels of a pixel that are drawn. */
  private channels(k: number): number[] {
    const { values, range } = this;
    const from = k * values!.channels;
    return range.channel < 0
      ? [...values!.cells.subarray(from, from + 3)] : [values!.cells[from + range.channel]!];
  }

  private ink(k: number): [number, number, number] | null {
    const levels = this.channels(k).map((v) => level(v, this.range, this.light()));
    if (levels.some(Number.isNaN)) return null;
    return [levels[0]!, levels[1] ?? levels[0]!, levels[2] ?? levels[0]!];
  }

  private text(v: number, digits: number): string {
    return this.values!.whole && this.values!.block === 1 ? String(v).replace("-", "−") : number(v, digits);
  }

  private point(row: number, column: number): void {
    const { rows, columns } = this.values!;
    const r = Math.min(Math.max(Math.floor(row), 0), rows - 1);
    const c = Math.min(Math.max(Math.floor(column), 0), columns - 1);
    this.at = [r, c];
    const texts = this.channels(r * columns + c).map((v) => this.text(v, 5));
    this.said.textContent = this.t("pixel", {
      r, c, value: texts.length > 1 ? `(${texts.join(", ")})` : texts[0]!,
    });
    this.cursor.hidden = false;
    this.cursor.style.left = `${(100 * c) / columns}%`;
    this.cursor.style.top = `${(100 * r) / rows}%`;
    const cells: HTMLElement[] = [];
    for (let i = r - REACH; i <= r + REACH; i++) {
      for (let j = c - REACH; j <= c + REACH; j++) {
        if (i < 0 || j < 0 || i >= rows || j >= columns) { cells.push(h("i", { class: "ms-i-outside" })); continue; }
        const k = i * columns + j;
        const ink = this.ink(k);
        const cell = h("i", { class: i === r && j === c ? "ms-i-here" : null },
          ...this.channels(k).map((v) => h("span", {}, this.text(v, 2))));
        if (ink) {
          cell.style.background = `rgb(${ink.join(",")})`;
          cell.style.color = 0.3 * ink[0] + 0.59 * ink[1] + 0.11 * ink[2] > 130 ? "#000" : "#fff";
        } else cell.classList.add("ms-i-bad");
        cells.push(cell);
      }
    }
    this.loupe.replaceChildren(...cells);
  }
}

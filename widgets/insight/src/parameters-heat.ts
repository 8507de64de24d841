// A matrix as coloured cells: blue below zero, orange above, the paper's own colour at zero.
import { h, isDark, number } from "./shared";

/** An axis of the array: the chosen entry, or [first entry, step, how many]. */
export type Axis = number | [number, number, number];

export interface Look {
  rows: number;
  columns: number;
  block: [number, number];
  full: [number, number];
  axes: Axis[];
  cells: Float32Array;
}

type Colour = [number, number, number];

function ends(): { low: Colour; zero: Colour; high: Colour; bad: Colour } {
  return isDark()
    ? { low: [104, 182, 255], zero: [28, 30, 34], high: [255, 170, 90], bad: [255, 80, 200] }
    : { low: [5, 80, 160], zero: [250, 250, 250], high: [190, 85, 0], bad: [220, 0, 150] };
}

function mix(from: Colour, to: Colour, part: number): Colour {
  return from.map((v, k) => Math.round(v + (to[k]! - v) * part)) as Colour;
}

/** The greatest magnitude, which is the scale's both ends. */
export function reach(cells: Float32Array): number {
  let top = 0;
  for (const v of cells) if (Number.isFinite(v) && Math.abs(v) > top) top = Math.abs(v);
  return top;
}

/** Cells on a canvas, a pixel each; `below` takes the colour of negative numbers for all. */
export function paint(canvas: HTMLCanvasElement, look: Pick<Look, "rows" | "columns" | "cells">, below = false): void {
  const { low, zero, high, bad } = ends();
  const top = reach(look.cells) || 1;
  canvas.width = look.columns;
  canvas.height = look.rows;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(look.columns, look.rows);
  for (let k = 0; k < look.cells.length; k++) {
    const value = look.cells[k]!;
    // A square root gives small weights, the many, some colour too.
    const part = Math.sqrt(Math.min(Math.abs(value) / top, 1));
    const ink = Number.isFinite(value) ? mix(zero, value < 0 || below ? low : high, part) : bad;
    image.data.set([...ink, 255], 4 * k);
  }
  context.putImageData(image, 0, 0);
}

export function scaleBar(top: number): HTMLElement {
  const { low, zero, high } = ends();
  const css = (c: Colour) => `rgb(${c.join(",")})`;
  const stops = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1].map((x) =>
    css(mix(zero, x < 0 ? low : high, Math.sqrt(Math.abs(x)))));
  const bar = h("i", {});
  bar.style.background = `linear-gradient(to right, ${stops.join(",")})`;
  return h("div", { class: "ms-scale" },
    h("span", {}, number(-top, 3)), bar, h("span", {}, number(top, 3)));
}

/** Which entry of the array a row or column of the slice is. */
export const entry = (axis: Axis | undefined, k: number): number =>
  axis === undefined ? 0 : typeof axis === "number" ? axis : axis[0] + axis[1] * k;

/** The axes that make the rows and the columns, undefined where there is none. */
export function free(axes: Axis[]): [Axis | undefined, Axis | undefined] {
  const found = axes.filter((axis) => typeof axis !== "number");
  return found.length > 1 ? [found[0], found[1]] : [undefined, found[0]];
}

/** "[0:2, 4:8] = 0.12": the index as NumPy would write it, a range where cells were joined. */
export function nameCell(look: Look, row: number, column: number): string {
  const [rows, columns] = free(look.axes);
  const span = (axis: Axis, at: number, block: number, full: number) => {
    if (block === 1) return String(entry(axis, at));
    const [from, to] = [at * block, Math.min((at + 1) * block, full) - 1].map((k) => entry(axis, k)) as [number, number];
    const step = (axis as number[])[1]!;
    const stop = to + Math.sign(step);
    return `${from}:${stop < 0 ? "" : stop}${step === 1 ? "" : `:${step}`}`;
  };
  const parts = look.axes.map((axis) =>
    axis === rows ? span(axis, row, look.block[0], look.full[0])
      : axis === columns ? span(axis, column, look.block[1], look.full[1]) : String(axis));
  return `[${parts.join(", ")}] = ${number(look.cells[row * look.columns + column]!)}`;
}

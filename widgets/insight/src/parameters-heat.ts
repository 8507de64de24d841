// A matrix as coloured cells: blue below zero, orange above, the paper's own colour at zero.
import { type Words, h, isDark, number } from "./shared";

export interface Look {
  rows: number;
  columns: number;
  block: [number, number];
  full: [number, number];
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

export function paint(canvas: HTMLCanvasElement, look: Look): void {
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
    const ink = Number.isFinite(value) ? mix(zero, value < 0 ? low : high, part) : bad;
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

/** "[0:2, 4:8] = 0.12": the index as NumPy would write it, a range where cells were joined. */
export function nameCell(look: Look, row: number, column: number, lead: number[], ndim: number): string {
  const span = (at: number, block: number, full: number) =>
    block === 1 ? String(at) : `${at * block}:${Math.min((at + 1) * block, full)}`;
  const parts = lead.map(String);
  if (ndim >= 2) parts.push(span(row, look.block[0], look.full[0]));
  if (ndim >= 1) parts.push(span(column, look.block[1], look.full[1]));
  return `[${parts.join(", ")}] = ${number(look.cells[row * look.columns + column]!)}`;
}

export const words: Words = {
  title: { en: "Parameters", zh: "参数" },
  total: { en: "{count} parameters, {values} values", zh: "{count} 个参数，共 {values} 个数值" },
  one: { en: "1 parameter, {values} values", zh: "1 个参数，共 {values} 个数值" },
  name: { en: "name", zh: "名称" },
  shape: { en: "shape", zh: "形状" },
  dtype: { en: "dtype", zh: "类型" },
  count: { en: "count", zh: "个数" },
  mean: { en: "mean", zh: "均值" },
  std: { en: "std", zh: "标准差" },
  min: { en: "min", zh: "最小" },
  max: { en: "max", zh: "最大" },
  norm: { en: "gradient norm", zh: "梯度范数" },
  ratio: { en: "update ratio", zh: "更新比" },
  normHelp: { en: "L2 norm of the gradient; the bar's scale is logarithmic", zh: "梯度的 L2 范数，条形用对数刻度" },
  ratioHelp: {
    en: "mean |change since the last look| / mean |value before|; near 0.001 is healthy",
    zh: "自上次快照以来变化量的平均绝对值 / 之前数值的平均绝对值；0.001 左右比较健康",
  },
  histValue: { en: "Values of {name}", zh: "{name} 的数值分布" },
  histGrad: { en: "Its gradient", zh: "它的梯度分布" },
  heat: { en: "Heatmap", zh: "热力图" },
  value: { en: "Value", zh: "数值" },
  grad: { en: "Gradient", zh: "梯度" },
  axis: { en: "axis {axis}", zh: "第 {axis} 轴" },
  joined: {
    en: "One cell is {r} × {c} numbers and shows the largest in magnitude.",
    zh: "每一格代表 {r} × {c} 个数，显示其中绝对值最大的一个。",
  },
  hover: { en: "Point at a cell, or use the arrow keys.", zh: "把鼠标移到格子上，或用方向键查看。" },
  bad: { en: "⚠ {name}: {count} values are NaN or infinite", zh: "⚠ {name}：有 {count} 个数值是 NaN 或无穷大" },
  npy: { en: "Save the whole array for numpy.load", zh: "保存整个数组，可用 numpy.load 读取" },
  wait: { en: "Waiting for the kernel…", zh: "等待内核……" },
  bin: { en: "{low} to {high}: {count}", zh: "{low} 到 {high}：{count} 个" },
};

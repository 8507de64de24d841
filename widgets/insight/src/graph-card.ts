// The card of a node: value, gradient, shape, attributes, documentation, source line.
import type { GraphModel, GraphNode, Item, Output, Summary } from "./graph-model";
import { isPart, shapeLong } from "./graph-model";
import { scopeTitle } from "./graph-control";
import { inside } from "./graph-text";
import { h, integer, number, s } from "./shared";

type Translate = (key: string, values?: Record<string, string | number>) => string;

const asNumber = (v: number | string | boolean): string => {
  if (typeof v === "boolean") return v ? "True" : "False";
  if (typeof v === "string") return v === "-inf" ? "−inf" : v === "nan" ? "NaN" : v;
  return number(v);
};

/** What the overlays know of an item, as lines: name and text. */
export type Facts = (item: Item) => [string, string][];

export function card(item: Item, model: GraphModel, facts: Facts, t: Translate): HTMLElement {
  return item.node ? nodeCard(item, model, facts, t) : scopeCard(item, model, facts, t);
}

const factLines = (facts: [string, string][]): HTMLElement[] =>
  facts.map(([name, text]) => h("div", { class: "ms-g-line" }, `${name}: `, h("b", {}, text)));

function head(kind: string, title: string, name: string): HTMLElement {
  return h("header", {},
    h("div", { class: "ms-g-kind" }, kind),
    h("div", { class: "ms-g-op" }, title),
    name !== title ? h("div", { class: "ms-g-name" }, name) : null);
}

function scopeCard(item: Item, model: GraphModel, facts: Facts, t: Translate): HTMLElement {
  const scope = item.scope!;
  const path = model.ancestors(scope.id).reverse().map((k) => model.scene.scopes[k]!.name).join("/");
  const root = h("div", {}, head(t("scope"), scopeTitle(scope, t), path),
    h("div", { class: "ms-g-line" }, `${inside(model, scope.id, t)} · ${t("params", { n: model.parameters[scope.id]! })}`),
    ...factLines(facts(item)));
  const { control } = scope;
  if (!control) return root;
  if ((control.kind === "loop" || control.kind === "body") && control.runs) root.append(h("div", { class: "ms-g-line ms-g-dim" }, t("last_round")));
  const node = model.scene.nodes[control.node]!;
  if (isPart(control)) sourceLine(root, node, t);
  else nodeParts(root, node, [], model, t);
  return root;
}

function nodeCard(item: Item, model: GraphModel, facts: Facts, t: Translate): HTMLElement {
  const node = item.node!;
  const root = h("div", {}, head(t(model.scene.kind === "data" ? (node.kind === "op" ? "stage" : "source_stage") : node.kind), node.kind === "parameter" ? node.op.slice(node.op.lastIndexOf(".") + 1) : node.op, node.name));
  nodeParts(root, node, facts(item), model, t);
  return root;
}

function nodeParts(root: HTMLElement, node: GraphNode, facts: [string, string][], model: GraphModel, t: Translate): void {
  if (node.doc) root.append(h("div", { class: "ms-g-doc" }, node.doc));
  node.outputs.forEach((output, k) => {
    if (node.outputs.length > 1) root.append(h("h5", {}, t("output", { k })));
    if (output.dtype) root.append(h("div", { class: "ms-g-line" },
      h("span", { class: "ms-g-dim" }, `${t("shape")} `), h("b", { class: "ms-g-shape" }, shapeLong(output.shape)),
      h("span", { class: "ms-g-dim" }, `  ${t("dtype")} `), output.dtype));
    if (output.value.first.length) root.append(section(t("value"), output.value, "value", t)); // a file holds none
    root.append(gradient(node, output, model, t));
  });
  root.append(...factLines(facts));
  const attrs = Object.entries(node.attrs);
  if (attrs.length) {
    root.append(h("h5", {}, t("attrs")), h("div", { class: "ms-g-attrs" },
      ...attrs.flatMap(([key, value]) => [h("span", {}, key), h("b", {}, value)])));
  }
  if (node.cause !== null) root.append(h("div", { class: "ms-g-line" }, t("cause", { name: model.scene.nodes[node.cause]!.name })));
  sourceLine(root, node, t);
}

function sourceLine(root: HTMLElement, node: GraphNode, t: Translate): void {
  if (!node.source) return;
  const { file, line, text } = node.source;
  root.append(h("h5", {}, t("source")),
    h("pre", { class: "ms-g-source" }, text),
    h("div", { class: "ms-g-dim" }, file === "cell" ? t("cell", { line }) : t("file", { file, line })));
}

function gradient(node: GraphNode, output: Output, model: GraphModel, t: Translate): Node {
  if (output.grad) return section(model.scene.loss ? t("gradient_of") : t("gradient"), output.grad, "grad", t);
  if (!model.scene.loss) return document.createDocumentFragment();
  const why = node.phase === "backward" ? "isgrad" : /^(Int|UInt|Bool)/i.test(output.dtype) ? "intgrad" : "nograd";
  return h("div", { class: "ms-g-section", "data-part": "grad" },
    h("h5", {}, t("gradient")), h("div", { class: "ms-g-dim" }, t(why)));
}

function section(title: string, summary: Summary, part: string, t: Translate): HTMLElement {
  const box = h("div", { class: "ms-g-section", "data-part": part }, h("h5", {}, title));
  if (summary.bad) box.append(h("div", { class: "ms-g-bad" }, `⚠ ${t("bad", { n: integer(summary.bad) })}`));
  const single = !summary.thumb && summary.first.length;
  if (single) {
    box.append(h("div", { class: "ms-g-single", "data-stat": "first" }, summary.first.map(asNumber).join(", ")));
    return box;
  }
  const table = h("div", { class: "ms-g-stats" });
  for (const key of ["min", "max", "mean", "std", "norm"] as const) {
    const value = summary[key];
    if (value !== undefined) table.append(h("span", {}, t(key)), h("b", { "data-stat": key }, number(value)));
  }
  if (summary.zeros) table.append(h("span", {}, t("zeros")), h("b", { "data-stat": "zeros" }, `${number(100 * summary.zeros, 3)} %`));
  box.append(h("div", { class: "ms-g-row" }, summary.thumb ? heatmap(summary.thumb, summary.of
    ? t("shown", { of: summary.of }) : t("shown_all")) : null, table));
  if (summary.first.length) box.append(h("div", { class: "ms-g-first", "data-stat": "first" },
    `${t("first")} ${summary.first.map(asNumber).join(", ")}${summary.first.length >= 6 ? ", …" : ""}`));
  return box;
}

/** Blue below zero, orange above; the strength is the size relative to the largest. */
function heatmap(rows: (number | null)[][], title: string): SVGElement {
  const columns = rows[0]?.length ?? 0;
  const cell = Math.min(8.5, 68 / Math.max(columns, 1, rows.length));
  const wide = Math.max(cell, 68 / Math.max(columns, 8)), tall = rows.length === 1 ? 16 : cell;
  const top = Math.max(...rows.flat().map((v) => Math.abs(v ?? 0)), 0) || 1;
  const svg = s("svg", { class: "ms-g-heat", width: columns * wide, height: rows.length * tall, role: "img", "aria-label": title },
    s("title", {}, title));
  rows.forEach((row, y) => row.forEach((v, x) => svg.append(s("rect", {
    x: x * wide, y: y * tall, width: wide + 0.3, height: tall + 0.3,
    style: v === null ? "fill: var(--ms-bad)"
      : `fill: color-mix(in oklab, var(${v < 0 ? "--ms-c0" : "--ms-c1"}) ${Math.round((100 * Math.abs(v)) / top)}%, var(--ms-g-zero))`,
  }))));
  return svg;
}

// The picture: frames, edges, nodes. Kinds differ in outline as well as in colour.
import type { Box, Placed } from "./graph-layout";
import { EDGE_FONT, textWidth } from "./graph-layout";
import type { Item, Key, Visible } from "./graph-model";
import { h, s } from "./shared";

export interface Look {
  texts: (item: Item) => [string, string];
  label: (item: Item) => string; // for screen readers
  toggle: (item: Item) => string; // tip of the + or − button
  shade: (item: Item) => number | null; // 0 … 1 in the gradient overlay, null without
  isLoss: (item: Item) => boolean;
  arrow: string; // id of the marker
}

export function draw(visible: Visible, placed: Placed, across: boolean, look: Look): { root: SVGElement; elements: Map<Key, SVGElement> } {
  const frames = s("g", {}), lines = s("g", { "aria-hidden": "true" }), nodes = s("g", {});
  const tags = s("g", { "aria-hidden": "true" });
  const elements = new Map<Key, SVGElement>();
  for (const item of visible.items.values()) {
    const box = placed.boxes.get(item.key);
    if (!box) continue;
    const element = item.open ? frame(item, box, across, look) : node(item, box, look);
    elements.set(item.key, element);
    (item.open ? frames : nodes).append(element);
  }
  for (const { bundle, points, label } of placed.edges) {
    const width = 1.2 + Math.min(Math.log2(bundle.count), 4) * 1.1;
    lines.append(s("path", {
      class: `ms-g-edge${bundle.backward ? " ms-g-back" : ""}`, d: curve(points, across),
      "stroke-width": width.toFixed(1), "marker-end": `url(#${look.arrow})`,
      "data-from": bundle.from, "data-to": bundle.to,
    }));
    if (!label) continue;
    const w = textWidth(bundle.label, EDGE_FONT) + 8;
    tags.append(s("g", { class: "ms-g-tag", "data-from": bundle.from, "data-to": bundle.to },
      s("rect", { x: label.x - w / 2, y: label.y - 7.5, width: w, height: 15, rx: 3 }),
      s("text", { x: label.x, y: label.y + 3.7 }, bundle.label)));
  }
  return { root: s("g", {}, frames, lines, tags, nodes), elements };
}

function shell(item: Item, look: Look, kind: string): SVGElement {
  return s("g", {
    class: `ms-g-item ms-g-${kind}${look.isLoss(item) ? " ms-g-loss" : ""}`, "data-key": item.key, tabindex: -1,
    role: "treeitem", "aria-label": look.label(item), "aria-expanded": item.scope ? String(item.open) : null,
    "aria-level": 1,
  });
}

function plus(item: Item, x: number, y: number, look: Look): SVGElement {
  return s("g", { class: "ms-g-toggle", transform: `translate(${x} ${y})`, "aria-hidden": "true" },
    s("title", {}, look.toggle(item)),
    s("rect", { x: -10, y: -10, width: 20, height: 20, fill: "transparent", class: "ms-g-hit" }),
    s("rect", { x: -7, y: -7, width: 14, height: 14, rx: 3, class: "ms-g-button" }),
    s("path", { d: item.open ? "M-3.5 0H3.5" : "M-3.5 0H3.5M0 -3.5V3.5", class: "ms-g-sign" }));
}

function frame(item: Item, box: Box, across: boolean, look: Look): SVGElement {
  const x = box.x - box.width / 2, y = box.y - box.height / 2;
  const control = item.scope!.control;
  const element = shell(item, look, `frame${control ? " ms-g-control" : ""}${control?.runs === 0 ? " ms-g-idle" : ""}`);
  if (control?.kind === "loop") { // the way back, along a border
    const l = x + 7, r = x + box.width - 12, b = y + box.height - 7, end = b - 5, start = y + 31;
    element.append(s("path", { class: "ms-g-turn", d: across
      ? `M${r} ${b - 7}Q${r} ${b} ${r - 8} ${b}H${x + 12}M${x + 13} ${b - 4}L${l} ${b}L${x + 13} ${b + 4}`
      : `M${l + 7} ${end}Q${l} ${end} ${l} ${end - 8}V${start}M${l - 4} ${start + 1}L${l} ${start - 5}L${l + 4} ${start + 1}` }));
  }
  element.append(
    s("rect", { class: "ms-g-body", x, y, width: box.width, height: box.height, rx: 8 }),
    s("text", { class: "ms-g-title", x: x + 24, y: y + 16 }, fitText(look.texts(item)[0], box.width - 32, 12, 600)),
    plus(item, x + 13, y + 12, look));
  return element;
}

function outline(kind: string, box: Box): string {
  const { x, y, width: w, height: h } = box;
  const l = x - w / 2, r = x + w / 2, t = y - h / 2, b = y + h / 2;
  if (kind === "port") return `M${l} ${t}H${r - 10}L${r} ${y}L${r - 10} ${b}H${l}Z`; // a signpost
  if (kind === "input") return `M${l + 10} ${t}H${r}L${r - 10} ${b}H${l}Z`; // slanted
  if (kind === "parameter") { // cut corners
    const c = 9;
    return `M${l + c} ${t}H${r - c}L${r} ${t + c}V${b - c}L${r - c} ${b}H${l + c}L${l} ${b - c}V${t + c}Z`;
  }
  const c = kind === "constant" ? h / 2 : kind === "scope" ? 8 : 5;
  return `M${l + c} ${t}H${r - c}A${c} ${c} 0 0 1 ${r} ${t + c}V${b - c}A${c} ${c} 0 0 1 ${r - c} ${b}H${l + c}A${c} ${c} 0 0 1 ${l} ${b - c}V${t + c}A${c} ${c} 0 0 1 ${l + c} ${t}Z`;
}

function node(item: Item, box: Box, look: Look): SVGElement {
  const kind = item.scope ? "scope" : item.node!.kind;
  const back = (item.scope ?? item.node!).phase === "backward" ? " ms-g-back" : "";
  const element = shell(item, look, kind + back);
  const [first, second] = look.texts(item);
  const shade = look.shade(item);
  const style = shade === null ? null
    : Number.isNaN(shade) ? "fill: var(--ms-g-paper)"
      : `fill: color-mix(in oklab, var(--ms-c1) ${Math.round(8 + 77 * shade)}%, var(--ms-g-paper))`;
  if (kind === "scope") { // sheets behind it: there is more inside
    const under = { ...box, x: box.x + 3.5, y: box.y + 3.5 };
    element.append(s("path", { class: "ms-g-under", d: outline(kind, under) }));
  }
  element.append(s("path", { class: "ms-g-body", d: outline(kind, box), style }));
  const left = kind === "scope" ? 10 : 0;
  element.append(
    s("text", { class: "ms-g-first-line", x: box.x + left, y: box.y + (second ? -2 : 4.5) }, first));
  if (second) element.append(s("text", { class: "ms-g-second-line", x: box.x + left, y: box.y + 13 }, second));
  if (kind === "scope") element.append(plus(item, box.x - box.width / 2 + 15, box.y, look));
  return element;
}

function fitText(text: string, room: number, size: number, weight: number): string {
  if (textWidth(text, size, weight) <= room) return text;
  let short = text;
  while (short.length > 1 && textWidth(`${short}…`, size, weight) > room) short = short.slice(0, -1);
  return `${short}…`;
}

function curve(points: { x: number; y: number }[], across: boolean): string {
  const [start, ...rest] = points;
  let d = `M${start!.x.toFixed(1)} ${start!.y.toFixed(1)}`;
  let from = start!;
  for (const to of rest) {
    const [a, b] = across
      ? [{ x: (from.x + to.x) / 2, y: from.y }, { x: (from.x + to.x) / 2, y: to.y }]
      : [{ x: from.x, y: (from.y + to.y) / 2 }, { x: to.x, y: (from.y + to.y) / 2 }];
    d += `C${a.x.toFixed(1)} ${a.y.toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)} ${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
    from = to;
  }
  return d;
}

/** The outlines of the kinds, for the legend. */
export const kinds = (t: (key: string) => string, ports: boolean): HTMLElement[] => (["op", "parameter", "input", "constant", "scope", ...(ports ? ["port"] as const : [])] as const).map((kind) => {
  const paths = { op: "M4 0H20a4 4 0 0 1 4 4V8a4 4 0 0 1-4 4H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4Z", parameter: "M4 0H20L24 4V8L20 12H4L0 8V4Z", input: "M5 0H24L19 12H0Z",
    port: "M0 0H18L24 6L18 12H0Z", constant: "M6 0H18a6 6 0 0 1 0 12H6a6 6 0 0 1 0-12Z", scope: "M4 0H20a4 4 0 0 1 4 4V8a4 4 0 0 1-4 4H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4Z" };
  return h("span", {}, s("svg", { width: 26, height: 14, class: `ms-g-item ms-g-${kind}`, "aria-hidden": "true" },
    kind === "scope" ? s("path", { d: paths.scope, class: "ms-g-under", transform: "translate(3 3)" }) : null,
    s("path", { d: paths[kind], class: "ms-g-body" })) as unknown as HTMLElement, t(kind));
});

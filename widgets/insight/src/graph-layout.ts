// Positions of what is visible, by dagre (layered, frames around unfolded scopes).
import { Graph, layout as dagre } from "@dagrejs/dagre";
import type { Bundle, Item, Key, Visible } from "./graph-model";

export interface Box { x: number; y: number; width: number; height: number } // x, y: the centre
export interface Placed { boxes: Map<Key, Box>; edges: { bundle: Bundle; points: { x: number; y: number }[]; label: { x: number; y: number } | null }[]; width: number; height: number }

let context: CanvasRenderingContext2D | null = null;
const family = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif';

export function textWidth(text: string, size: number, weight = 400): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * size * 0.6;
  context.font = `${weight} ${size}px ${family}`;
  return context.measureText(text).width;
}

export const EDGE_FONT = 10.5;

/** `texts` gives the two lines of an item; a frame needs room for its title. */
export function place(visible: Visible, across: boolean, texts: (item: Item) => [string, string]): Placed {
  const graph = new Graph({ compound: true, multigraph: false });
  graph.setGraph({ rankdir: across ? "LR" : "TB", ranksep: across ? 34 : 22, nodesep: 22, edgesep: 14, marginx: 14, marginy: 14 });
  graph.setDefaultEdgeLabel(() => ({}));
  const sizes = new Map<Key, { width: number; height: number }>();
  const extra = new Map<Key, number>();
  const widened = new Set<Key>();
  for (const item of visible.items.values()) {
    if (item.open) continue;
    const [first, second] = texts(item);
    const room = item.scope ? 52 : item.node!.kind === "op" ? 26 : 36;
    const width = Math.max(item.node?.kind === "constant" ? 40 : 76, textWidth(first, 13, 600) + room, textWidth(second, 11) + 26);
    sizes.set(item.key, { width, height: second ? 42 : 30 });
    // The first thing inside a frame makes room for the frame's title.
    for (let p = item.parent; p; p = visible.items.get(p)?.parent ?? null) {
      if (widened.has(p)) continue;
      widened.add(p);
      const title = textWidth(texts(visible.items.get(p)!)[0], 12, 600) + 30;
      extra.set(item.key, Math.max(extra.get(item.key) ?? 0, title));
    }
  }
  for (const item of visible.items.values()) {
    const size = sizes.get(item.key);
    if (size) {
      const room = across ? size.width : Math.max(size.width, extra.get(item.key) ?? 0);
      graph.setNode(item.key, { width: room, height: size.height });
    } else graph.setNode(item.key, {});
  }
  for (const item of visible.items.values()) if (item.parent && visible.items.has(item.parent)) graph.setParent(item.key, item.parent);
  for (const bundle of visible.bundles) {
    const label = bundle.label
      ? { width: textWidth(bundle.label, EDGE_FONT) + 8, height: 15, labelpos: "c" }
      : { width: 0, height: 0 };
    graph.setEdge(bundle.from, bundle.to, { ...label, weight: bundle.backward ? 1 : 2 });
  }
  dagre(graph);
  const boxes = new Map<Key, Box>();
  for (const key of graph.nodes()) {
    const { x, y, width, height } = graph.node(key) as Box;
    boxes.set(key, { x, y, ...(sizes.get(key) ?? { width, height }) });
  }
  const edges = visible.bundles.map((bundle) => {
    const edge = graph.edge(bundle.from, bundle.to) as any;
    return {
      bundle,
      points: trim(edge.points, boxes.get(bundle.from)!, boxes.get(bundle.to)!, across),
      label: bundle.label && edge.x !== undefined ? { x: edge.x, y: edge.y } : null,
    };
  });
  const whole = graph.graph() as { width?: number; height?: number };
  return { boxes, edges, width: whole.width ?? 0, height: whole.height ?? 0 };
}

// dagre clips lines at the box it was given; the drawn box may be narrower.
function trim(points: { x: number; y: number }[], from: Box, to: Box, across: boolean) {
  const inner = points.slice(1, -1);
  const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high);
  const end = (box: Box, next: { x: number; y: number }, sign: number) => across
    ? { x: box.x + (sign * box.width) / 2, y: clamp(next.y, box.y - box.height * 0.3, box.y + box.height * 0.3) }
    : { x: clamp(next.x, box.x - box.width * 0.32, box.x + box.width * 0.32), y: box.y + (sign * box.height) / 2 };
  const first = inner[0] ?? to, last = inner[inner.length - 1] ?? from;
  const forward = across ? from.x <= to.x : from.y <= to.y;
  return [end(from, first, forward ? 1 : -1), ...inner, end(to, last, forward ? -1 : 1)];
}

// Positions of what is visible: a layered layout, scope by scope from the inside out, the same as
// in mslearn/insight/graph_layout.py. Each unfolded scope is laid out by itself and then stands as
// one box among its siblings, so its title has room and folding one leaves the others alone. A line
// that passes a row without stopping there gets a lane of its own in it.
// (dagre was tried: its frames leave no room for titles and it tears unfolded scopes apart.)
import type { Bundle, GraphModel, Item, Key, Visible } from "./graph-model";

export interface Box { x: number; y: number; width: number; height: number } // x, y: the centre
export interface Point { x: number; y: number }
export interface Line { bundle: Bundle; points: Point[]; label: Point | null }
export interface Placed { boxes: Map<Key, Box>; edges: Line[]; width: number; height: number }

let context: CanvasRenderingContext2D | null = null;
const family = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif';

export function textWidth(text: string, size: number, weight = 400): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * size * 0.6;
  context.font = `${weight} ${size}px ${family}`;
  return context.measureText(text).width;
}

export const EDGE_FONT = 10.5;
const PAD = 14, TITLE = 26, LANE = 10, COLUMN = 20, MARGIN = 12;

/** Along: the way the data flows (down, or to the right). Across: the other way. */
interface Size { across: number; along: number }
interface Spot { across: number; along: number } // top left corner

export function place(model: GraphModel, visible: Visible, sideways: boolean, texts: (item: Item) => [string, string]): Placed {
  return new Layout(model, visible, sideways, texts).run();
}

class Layout {
  private readonly size = new Map<Key, Size>();
  private readonly spot = new Map<Key, Spot>();
  private readonly inside = new Map<Key, Key[]>(); // "" is the outermost
  private readonly rank = new Map<Key, number>();
  private readonly links = new Map<Key, Map<string, { from: Key | null; to: Key | null; bundles: Bundle[] }>>();
  private readonly passing = new Map<Bundle, Map<Key, Key[]>>();
  private readonly rowLength = new Map<Key, number>(); // of lanes
  private gap = 34;
  private lanes = 0;

  constructor(model: GraphModel, private readonly visible: Visible, private readonly sideways: boolean, private readonly texts: (item: Item) => [string, string]) {
    for (const item of visible.items.values()) {
      const frame = item.parent ?? "";
      (this.inside.get(frame) ?? this.inside.set(frame, []).get(frame)!).push(item.key);
      if (!item.open) this.size.set(item.key, this.leafSize(item));
    }
    for (const node of model.scene.nodes) { // order of first appearance: the order of execution
      this.rank.set(`n${node.id}`, node.id);
      for (let s = node.scope; s >= 0 && !this.rank.has(`s${s}`); s = model.scene.scopes[s]!.parent) this.rank.set(`s${s}`, node.id);
    }
    if (sideways) {
      const widest = Math.max(0, ...visible.bundles.map((b) => textWidth(b.label, EDGE_FONT)));
      this.gap = Math.min(Math.max(widest + 22, 34), 110);
    }
    this.cutLines();
  }

  private leafSize(item: Item): Size {
    const [first, second] = this.texts(item);
    const room = item.scope ? 52 : item.node!.kind === "op" ? 26 : 36;
    const width = Math.max(item.node?.kind === "constant" ? 40 : 76, textWidth(first, 13, 600) + room, textWidth(second, 11) + room);
    return this.sized(width, second ? 42 : 30);
  }
  private sized(width: number, height: number): Size {
    return this.sideways ? { across: height, along: width } : { across: width, along: height };
  }

  run(): Placed {
    const frames = [...this.visible.items.values()].filter((item) => item.open);
    for (const item of frames.reverse()) { // parents come first, so this is from the inside out
      const inner = this.arrange(item.key);
      const title = textWidth(this.texts(item)[0], 12, 600) + 24;
      const width = this.sideways ? inner.along : inner.across, height = this.sideways ? inner.across : inner.along;
      this.size.set(item.key, this.sized(Math.max(width, title) + 2 * PAD, height + PAD + TITLE));
      const shift = Math.max(0, (title - width) / 2);
      const by = this.sideways ? { across: TITLE, along: PAD + shift } : { across: PAD + shift, along: TITLE };
      for (const key of this.inside.get(item.key) ?? []) {
        const spot = this.spot.get(key)!;
        spot.across += by.across; spot.along += by.along;
      }
    }
    const whole = this.arrange("");
    for (const item of this.visible.items.values()) this.settleInside(item.key); // parents first
    for (const key of this.inside.get("") ?? []) {
      if (!this.visible.items.has(key)) this.spot.set(key, { across: this.spot.get(key)!.across + MARGIN, along: this.spot.get(key)!.along + MARGIN });
    }
    const boxes = new Map<Key, Box>();
    for (const key of this.visible.items.keys()) {
      const spot = this.spot.get(key)!, size = this.size.get(key)!;
      const [x, y, width, height] = this.sideways ? [spot.along, spot.across, size.along, size.across] : [spot.across, spot.along, size.across, size.along];
      boxes.set(key, { x: x + width / 2, y: y + height / 2, width, height });
    }
    const [width, height] = this.sideways ? [whole.along, whole.across] : [whole.across, whole.along];
    return { boxes, edges: this.lines(boxes), width: width + 2 * MARGIN, height: height + 2 * MARGIN };
  }

  /** From positions inside a frame to positions in the picture. */
  private settleInside(key: Key): void {
    const item = this.visible.items.get(key)!;
    const spot = this.spot.get(key)!;
    if (item.parent === null) { spot.across += MARGIN; spot.along += MARGIN; }
    if (!item.open) return;
    for (const child of this.inside.get(key) ?? []) {
      const inner = this.spot.get(child)!;
      inner.across += spot.across; inner.along += spot.along;
    }
  }

  private chain(key: Key): [Key, Key][] { // (frame, thing in it), from the inside out
    const chain: [Key, Key][] = [];
    for (let k: Key | null = key; k; k = this.visible.items.get(k)!.parent) chain.push([this.visible.items.get(k)!.parent ?? "", k]);
    return chain;
  }

  /** Cut every line into its parts: out of frames, between siblings, into frames. */
  private cutLines(): void {
    for (const bundle of this.visible.bundles) {
      const out = this.chain(bundle.from), into = this.chain(bundle.to);
      while (out.length > 1 && into.length > 1 && out.at(-1)![1] === into.at(-1)![1]) { out.pop(); into.pop(); }
      const parts: [Key, Key | null, Key | null][] = [
        ...out.slice(0, -1).map(([frame, thing]): [Key, Key, null] => [frame, thing, null]),
        [out.at(-1)![0], out.at(-1)![1], into.at(-1)![1]],
        ...into.slice(0, -1).reverse().map(([frame, thing]): [Key, null, Key] => [frame, null, thing]),
      ];
      this.passing.set(bundle, new Map(parts.map(([frame]) => [frame, []])));
      for (const [frame, from, to] of parts) {
        const links = this.links.get(frame) ?? this.links.set(frame, new Map()).get(frame)!;
        const id = `${from}>${to}`;
        (links.get(id) ?? links.set(id, { from, to, bundles: [] }).get(id)!).bundles.push(bundle);
      }
    }
  }

  private isLeaf = (key: Key): boolean => {
    const kind = key[0] === "n" ? this.visible.items.get(key)!.node!.kind : "op";
    return kind !== "op" && kind !== "port";
  };
  // Leaves are recorded just before their first user, but an earlier scope may use them too.
  private moment = (key: Key): number => (this.isLeaf(key) ? 0 : 1e9) + this.rank.get(key)!;

  private arrange(frame: Key): Size {
    const members = (this.inside.get(frame) ?? []).slice().sort((a, b) => this.rank.get(a)! - this.rank.get(b)!);
    const links = [...(this.links.get(frame)?.values() ?? [])];
    const after = new Map<Key, Key[]>(members.map((k) => [k, []]));
    const fed = new Set<Key>();
    for (const { from, to } of links) {
      // A scope that is used twice makes a circle: the edge against the order is left out.
      if (from && to && this.moment(from) < this.moment(to)) { after.get(from)!.push(to); fed.add(to); }
    }
    const layer = new Map<Key, number>(members.map((k) => [k, 0]));
    for (const k of members.slice().sort((a, b) => this.moment(a) - this.moment(b))) {
      for (const next of after.get(k)!) layer.set(next, Math.max(layer.get(next)!, layer.get(k)! + 1));
    }
    for (const k of members) { // a weight stands directly before the operator that uses it
      if (this.isLeaf(k) && !fed.has(k) && after.get(k)!.length) layer.set(k, Math.min(...after.get(k)!.map((n) => layer.get(n)!)) - 1);
    }
    const rows: Key[][] = [];
    for (const k of members) (rows[layer.get(k)!] ??= []).push(k);
    for (let n = 0; n < rows.length; n++) rows[n] ??= [];
    const up = new Map<Key, Key[]>(), down = new Map<Key, Key[]>();
    for (const { from, to, bundles } of links) {
      const first = from ? layer.get(from)! : -1, stop = to ? layer.get(to)! : rows.length;
      const lanes: Key[] = [];
      for (let n = first + 1; n < stop; n++) {
        const lane = `l${this.lanes++}`;
        this.size.set(lane, { across: LANE, along: 0 });
        this.rank.set(lane, this.rank.get((to ?? from)!)!);
        rows[n]!.push(lane);
        (this.inside.get(frame) ?? this.inside.set(frame, []).get(frame)!).push(lane);
        lanes.push(lane);
      }
      for (const bundle of bundles) this.passing.get(bundle)!.set(frame, lanes);
      if (first >= stop) continue;
      const chain = [from, ...lanes, to];
      for (let k = 1; k < chain.length; k++) {
        const a = chain[k - 1], b = chain[k];
        if (!a || !b) continue;
        (down.get(a) ?? down.set(a, []).get(a)!).push(b);
        (up.get(b) ?? up.set(b, []).get(b)!).push(a);
      }
    }
    return this.placeRows(rows, up, down);
  }

  private placeRows(rows: Key[][], up: Map<Key, Key[]>, down: Map<Key, Key[]>): Size {
    const centre = new Map<Key, number>();
    const wide = (k: Key) => this.size.get(k)!.across;
    for (const row of rows) {
      const total = row.reduce((sum, k) => sum + wide(k) + COLUMN, -COLUMN);
      let at = -total / 2;
      for (const k of row) { centre.set(k, at + wide(k) / 2); at += wide(k) + COLUMN; }
    }
    for (let sweep = 0; sweep < 6; sweep++) {
      const near = sweep % 2 ? down : up;
      for (const n of rows.map((_, k) => (sweep % 2 ? rows.length - 1 - k : k))) {
        const wish = new Map(rows[n]!.map((k) => {
          const others = near.get(k);
          return [k, others ? others.reduce((sum, j) => sum + centre.get(j)!, 0) / others.length : centre.get(k)!] as const;
        }));
        rows[n]!.sort((a, b) => wish.get(a)! - wish.get(b)! || this.rank.get(a)! - this.rank.get(b)!);
        settle(rows[n]!, wish, wide, centre);
      }
    }
    let left = Infinity, right = -Infinity;
    for (const [k, c] of centre) { left = Math.min(left, c - wide(k) / 2); right = Math.max(right, c + wide(k) / 2); }
    let along = 0;
    for (const row of rows) {
      const deep = Math.max(0, ...row.map((k) => this.size.get(k)!.along));
      for (const k of row) {
        const lane = k[0] === "l";
        this.spot.set(k, { across: centre.get(k)! - wide(k) / 2 - left, along: along + (lane ? 0 : (deep - this.size.get(k)!.along) / 2) });
        if (lane) this.rowLength.set(k, deep);
      }
      along += deep + this.gap;
    }
    return { across: centre.size ? right - left : 0, along: Math.max(along - this.gap, 0) };
  }

  private lines(boxes: Map<Key, Box>): Line[] {
    const taken: { x: number; y: number; w: number }[] = [];
    const clamp = (v: number, limit: number) => Math.max(-limit, Math.min(limit, v));
    return this.visible.bundles.map((bundle) => {
      const a = boxes.get(bundle.from)!, b = boxes.get(bundle.to)!;
      const lanes: Point[] = [];
      for (const keys of this.passing.get(bundle)!.values()) {
        for (const k of keys) {
          const { across, along } = this.spot.get(k)!, end = along + this.rowLength.get(k)!;
          const c = across + LANE / 2;
          lanes.push(...(this.sideways ? [{ x: along, y: c }, { x: end, y: c }] : [{ x: c, y: along }, { x: c, y: end }]));
        }
      }
      const first = lanes[0] ?? b, last = lanes.at(-1) ?? a;
      let start: Point, end: Point;
      if (this.sideways) { // the ends lean towards where the line goes, which keeps lines at one box apart
        const sign = a.x <= b.x ? 1 : -1;
        start = { x: a.x + (sign * a.width) / 2, y: a.y + clamp((first.y - a.y) / 3, a.height / 3) };
        end = { x: b.x - (sign * b.width) / 2, y: b.y + clamp((last.y - b.y) / 3, b.height / 3) };
      } else {
        const sign = a.y <= b.y ? 1 : -1;
        start = { x: a.x + clamp((first.x - a.x) / 3, a.width / 3), y: a.y + (sign * a.height) / 2 };
        end = { x: b.x + clamp((last.x - b.x) / 3, b.width / 3), y: b.y - (sign * b.height) / 2 };
      }
      let label: Point | null = null;
      if (bundle.label && bundle.label !== "·") { // lines that leave one box together share one label
        const w = textWidth(bundle.label, EDGE_FONT) + 8;
        const at = this.sideways ? { x: start.x + 6 + w / 2, y: start.y } : { x: start.x, y: start.y + (a.y <= b.y ? 14 : -14) };
        if (taken.every((t) => Math.abs(t.y - at.y) > 14 || Math.abs(t.x - at.x) > (t.w + w) / 2)) {
          taken.push({ ...at, w });
          label = at;
        }
      }
      return { bundle, points: [start, ...lanes, end], label };
    });
  }
}

/** As near to the wishes as the widths allow: neighbours that would overlap become one block. */
function settle(row: Key[], wish: Map<Key, number>, wide: (k: Key) => number, centre: Map<Key, number>): void {
  const blocks: { keys: Key[]; left: number; width: number }[] = [];
  for (const k of row) {
    let block = { keys: [k], left: wish.get(k)! - wide(k) / 2, width: wide(k) };
    for (let before = blocks.at(-1); before && before.left + before.width + COLUMN > block.left; before = blocks.at(-1)) {
      blocks.pop();
      const n = before.keys.length, m = block.keys.length;
      const left = (before.left * n + (block.left - before.width - COLUMN) * m) / (n + m);
      block = { keys: [...before.keys, ...block.keys], left, width: before.width + COLUMN + block.width };
    }
    blocks.push(block);
  }
  for (const { keys, left } of blocks) {
    let at = left;
    for (const k of keys) { centre.set(k, at + wide(k) / 2); at += wide(k) + COLUMN; }
  }
}

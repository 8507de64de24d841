// Colours that show a number: gradient norm, update ratio, time, memory, share of zeros. The
// strength is relative to what is visible now.
import type { GraphModel, GraphNode, Item, Visible } from "./graph-model";
import { h, number } from "./shared";

const SIZES: Record<string, number> = { Float64: 8, Int64: 8, UInt64: 8, Float16: 2, BFloat16: 2, Int16: 2, UInt16: 2, Int8: 1, UInt8: 1, Bool: 1 };
const RECTIFIERS = /^(ReLU|ReLU6|HSwish|HSigmoid|LeakyReLU|GeLU)$/;

export const bytesOf = (node: GraphNode): number => node.outputs.reduce((sum, out) =>
  sum + (out.dtype ? out.shape.reduce((n, size) => n * size, 1) * (SIZES[out.dtype] ?? 4) : 0), 0);

function scaled(value: number, units: [number, string][]): string {
  const [size, name] = units.find(([least]) => value >= least) ?? units.at(-1)!;
  return `${number(value / size, 3)} ${name}`;
}
export const byteText = (bytes: number): string => scaled(bytes, [[1e9, "GB"], [1e6, "MB"], [1e3, "KB"], [1, "B"]]);
export const timeText = (seconds: number): string => scaled(seconds, [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]]);

type Pair = [number, number]; // a numerator and what it is divided by
interface Metric {
  of(node: GraphNode): Pair | null;
  /** Two parts of a scope as one. */
  join(a: Pair, b: Pair): Pair;
  value(pair: Pair): number;
  text(value: number): string;
  /** The colours' ends, where they do not depend on what is visible. */
  ends?: Pair;
}
const sum = (a: Pair, b: Pair): Pair => [a[0] + b[0], a[1] + b[1]];
const larger = (a: Pair, b: Pair): Pair => (b[0] > a[0] ? b : a);
const plain = (x: number | undefined): Pair | null => (x === undefined || !(x >= 0) ? null : [x, 1]);
const first = ([x]: Pair): number => x;

const METRICS = {
  // A scope's norm is that of its parameters together; without any, the largest inside.
  grad: {
    of: (node) => { const norm = node.outputs[0]?.grad?.norm; return norm === undefined ? null : [norm * norm, Number(node.kind === "parameter")]; },
    join: (a, b) => (a[1] !== b[1] ? (a[1] ? a : b) : a[1] ? [a[0] + b[0], 1] : larger(a, b)),
    value: ([square]) => Math.sqrt(square), text: (v) => `‖∇‖ ${number(v, 3)}`,
  },
  update: { of: (node) => node.update ?? null, join: sum, value: ([change, size]) => change / size, text: (v) => `Δw/w ${number(v, 3)}` },
  time: { of: (node) => plain(node.time), join: (a, b) => [a[0] + b[0], 1], value: first, text: timeText },
  memory: { of: (node) => plain(bytesOf(node) || undefined), join: (a, b) => [a[0] + b[0], 1], value: first, text: byteText },
  dead: {
    of: (node) => (node.kind === "op" && RECTIFIERS.test(node.op) ? plain(node.outputs[0]?.value.zeros) : null),
    join: larger, value: first, text: (v) => `${number(100 * v, 3)} % = 0`, ends: [0, 1],
  },
} satisfies Record<string, Metric>;

export const OVERLAYS = ["kind", "grad", "update", "time", "memory", "dead"] as const;
export type OverlayKind = (typeof OVERLAYS)[number];

export class Overlay {
  kind: OverlayKind = "kind";
  private ends: Pair = [0, 1];
  private readonly known = new Map<keyof typeof METRICS, (Pair | null)[]>(); // by scope

  constructor(private readonly model: GraphModel) {}

  get on(): boolean { return this.kind !== "kind"; }
  private get metric(): Metric | null { return this.kind === "kind" ? null : METRICS[this.kind]; }

  /** Whether the scene holds such numbers at all. */
  has(kind: OverlayKind): boolean {
    return kind === "kind" || this.model.scene.nodes.some((node) => METRICS[kind].of(node) !== null);
  }

  private scopes(kind: keyof typeof METRICS): (Pair | null)[] {
    let found = this.known.get(kind);
    if (found) return found;
    const { scopes, nodes } = this.model.scene, metric: Metric = METRICS[kind];
    found = scopes.map(() => null);
    const put = (scope: number, pair: Pair | null) => {
      if (scope < 0 || !pair) return;
      const before = found![scope];
      found![scope] = before ? metric.join(before, pair) : pair;
    };
    for (const node of nodes) put(node.scope, metric.of(node));
    for (let s = scopes.length - 1; s >= 0; s--) put(scopes[s]!.parent, found[s]!); // children come after their parents
    this.known.set(kind, found);
    return found;
  }

  /** An item's number; identical blocks that are one box count together. */
  value(item: Item, kind = this.kind): number {
    if (kind === "kind") return NaN;
    const metric: Metric = METRICS[kind];
    const all = item.scope ? this.model.standsFor(item).map((s) => this.scopes(kind)[s]!) : [metric.of(item.node!)];
    const pairs = all.filter((pair): pair is Pair => pair !== null);
    return pairs.length ? metric.value(pairs.reduce(metric.join)) : NaN;
  }

  /** The same in words. */
  text(item: Item, kind: keyof typeof METRICS): string | null {
    const value = this.value(item, kind);
    return value >= 0 ? METRICS[kind].text(value) : null;
  }

  second(item: Item): string | null {
    return this.kind === "kind" ? null : this.text(item, this.kind) ?? "—";
  }

  /** Find the range of what is visible. */
  measure(visible: Visible): void {
    if (!this.metric) return;
    let low = Infinity, high = 0;
    for (const item of visible.items.values()) {
      const value = item.open ? NaN : this.value(item);
      if (value > 0 && value < Infinity) { low = Math.min(low, value); high = Math.max(high, value); }
    }
    this.ends = this.metric.ends ?? (high ? [low, high] : [0, 0]);
  }

  /** 0 … 1, NaN where there is no number, null without an overlay. */
  shade(item: Item): number | null {
    if (!this.metric) return null;
    const value = this.value(item), [low, high] = this.ends;
    if (this.metric.ends) return value >= 0 ? value : NaN;
    if (!(value > 0)) return NaN;
    return high > low ? Math.min(Math.log(value / low) / Math.log(high / low), 1) : 1;
  }

  legend(t: (key: string) => string): HTMLElement[] {
    if (!this.metric) return [];
    return [h("span", { class: "ms-g-scale" }, this.metric.text(this.ends[0]), h("i", { class: "ms-g-ramp" }), this.metric.text(this.ends[1])),
      h("span", {}, t(`about_${this.kind}`))];
  }
}

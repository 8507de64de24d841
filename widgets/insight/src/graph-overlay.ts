// Colours that show a number: gradient norm, memory, share of zeros. The strength is relative to
// what is visible now.
import type { GraphModel, GraphNode, Item, Visible } from "./graph-model";
import { h, number } from "./shared";

export const OVERLAYS = ["kind", "grad", "memory", "dead"] as const;
export type OverlayKind = (typeof OVERLAYS)[number];

const SIZES: Record<string, number> = { Float64: 8, Int64: 8, UInt64: 8, Float16: 2, BFloat16: 2, Int16: 2, UInt16: 2, Int8: 1, UInt8: 1, Bool: 1 };
const RECTIFIERS = /^(ReLU|ReLU6|HSwish|HSigmoid|LeakyReLU|GeLU)$/;

export const bytesOf = (node: GraphNode): number => node.outputs.reduce((sum, out) =>
  sum + out.shape.reduce((n, size) => n * size, 1) * (SIZES[out.dtype] ?? 4), 0);

export function byteText(bytes: number): string {
  const unit = bytes >= 1e9 ? 3 : bytes >= 1e6 ? 2 : bytes >= 1e3 ? 1 : 0;
  return `${number(bytes / 1000 ** unit, 3)} ${["B", "KB", "MB", "GB"][unit]}`;
}

export class Overlay {
  kind: OverlayKind = "kind";
  private low = 0;
  private high = 1;
  private readonly bytes: number[];
  private readonly dead: number[];

  constructor(private readonly model: GraphModel) {
    const { scopes, nodes } = model.scene;
    this.bytes = scopes.map(() => 0);
    this.dead = scopes.map(() => NaN);
    for (const node of nodes) {
      if (node.scope < 0) continue;
      this.bytes[node.scope]! += bytesOf(node);
      const share = this.share(node);
      if (share >= 0 && !(this.dead[node.scope]! >= share)) this.dead[node.scope] = share;
    }
    for (let s = scopes.length - 1; s >= 0; s--) {
      const p = scopes[s]!.parent;
      if (p < 0) continue;
      this.bytes[p]! += this.bytes[s]!;
      if (this.dead[s]! >= 0 && !(this.dead[p]! >= this.dead[s]!)) this.dead[p] = this.dead[s]!;
    }
  }

  get on(): boolean { return this.kind !== "kind"; }
  private share(node: GraphNode): number {
    return node.kind === "op" && RECTIFIERS.test(node.op) ? node.outputs[0]?.value.zeros ?? NaN : NaN;
  }

  value(item: Item): number {
    if (this.kind === "grad") return this.model.norm(item);
    if (this.kind === "memory") return item.node ? bytesOf(item.node) : this.bytes[item.scope!.id]! * (item.times ?? 1);
    return item.node ? this.share(item.node) : this.dead[item.scope!.id]!;
  }

  text(value: number): string {
    if (this.kind === "memory") return byteText(value);
    return this.kind === "dead" ? `${number(100 * value, 3)} % = 0` : `‖∇‖ ${number(value, 3)}`;
  }

  second(item: Item): string | null {
    if (!this.on) return null;
    const value = this.value(item);
    return value >= 0 ? this.text(value) : "—";
  }

  /** Find the range of what is visible. */
  measure(visible: Visible): void {
    const all = [...visible.items.values()].filter((i) => !i.open).map((i) => this.value(i)).filter((n) => n > 0);
    this.low = Math.min(...all);
    this.high = Math.max(...all);
    if (this.kind === "dead") { this.low = 0; this.high = 1; }
  }

  /** 0 … 1, NaN where there is no number, null without an overlay. */
  shade(item: Item): number | null {
    if (!this.on) return null;
    const value = this.value(item);
    if (this.kind === "dead") return value >= 0 ? value : NaN;
    if (!(value > 0)) return NaN;
    return this.high > this.low ? Math.log(value / this.low) / Math.log(this.high / this.low) : 1;
  }

  legend(): HTMLElement {
    return h("span", {}, this.text(this.low), h("i", { class: "ms-g-ramp" }), this.text(this.high));
  }
}

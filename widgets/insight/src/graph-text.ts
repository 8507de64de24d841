// What stands in a box, and what a screen reader says of it.
import { scopeTitle } from "./graph-control";
import { type GraphModel, type Item, shapeLong, shapeText } from "./graph-model";
import type { Overlay } from "./graph-overlay";
import { number } from "./shared";

type Translate = (key: string, values?: Record<string, string | number>) => string;

export function inside(model: GraphModel, scope: number, t: Translate): string {
  const ops = model.operators[scope]!;
  return ops === 1 ? t("inside1") : t("inside", { ops });
}

export function texter(graph: GraphModel, overlay: Overlay, t: Translate) {
  const texts = (item: Item): [string, string] => {
    if (item.scope) return [scopeTitle(item.scope, t) + (item.times ? ` ×${item.times}` : ""), overlay.second(item) ?? inside(graph, item.scope.id, t)];
    const node = item.node!;
    const name = node.kind === "parameter" && node.scope >= 0 ? node.op.slice(node.op.lastIndexOf(".") + 1) : node.op;
    if (node.note !== undefined) return [node.op, node.note.length > 40 ? `${node.note.slice(0, 39)}…` : node.note];
    const many = node.kind === "constant" && node.outputs[0]!.shape.length === 0;
    return [name, overlay.second(item) ?? (many ? "" : node.outputs.length === 1 && !node.outputs[0]!.shape.length && (node.kind === "op" || node.kind === "port")
      ? asText(node.outputs[0]!.value.first[0]) : shapeText(node.outputs[0]!.shape).replace("·", "()"))];
  };
  const asText = (v: unknown) => (v === undefined ? "" : `= ${typeof v === "number" ? number(v) : String(v)}`);
  const described = (item: Item): string => {
    const extra = overlay.second(item);
    if (item.scope) {
      const parts = [texts(item)[0], t("scope"), t(item.open ? "unfolded" : "folded"), inside(graph, item.scope.id, t)];
      return [...parts, ...(extra ? [extra] : [])].join(", ");
    }
    const { node } = item, out = node!.outputs[0]!;
    if (node!.note !== undefined) return [node!.op, node!.note].filter(Boolean).join(", ");
    const parts = [node!.op, t(node!.kind), `${t("shape")} ${shapeLong(out.shape)}`, out.dtype];
    if (out.value.mean !== undefined) parts.push(`${t("value")}: ${t("mean")} ${number(out.value.mean)}`);
    if (out.grad?.norm !== undefined) parts.push(`${t("gradient")}: ${t("norm")} ${number(out.grad.norm)}`);
    if (extra) parts.push(extra);
    return parts.join(", ");
  };
  return { texts, described };
}

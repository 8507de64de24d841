// Where an arrow key leads: along the edges, or to what stands beside.
import type { Placed } from "./graph-layout";
import type { Key, Visible } from "./graph-model";

export function neighbour(key: Key, event: string, visible: Visible, placed: Placed, across: boolean): Key | null {
  const along: Record<string, string> = across
    ? { ArrowRight: "next", ArrowLeft: "back" } : { ArrowDown: "next", ArrowUp: "back" };
  const kind = along[event];
  const at = (k: Key) => placed.boxes.get(k)!;
  const here = at(key), item = visible.items.get(key)!;
  const nearest = (keys: Key[], cost: (k: Key) => number) => keys.reduce<Key | null>((best, k) => (best === null || cost(k) < cost(best) ? k : best), null);
  if (kind && item.open) { // from a frame's title: into the frame, or out of it
    const inner = [...visible.items.values()].filter((i) => i.parent === key).map((i) => i.key);
    return kind === "next" ? nearest(inner, (k) => at(k).y) : item.parent;
  }
  if (kind) {
    const linked = visible.bundles.filter((b) => (kind === "next" ? b.from : b.to) === key).map((b) => (kind === "next" ? b.to : b.from));
    const next = item.node?.kind === "port" ? item.node.op.replace(/ ↺$/, "") : "";
    if (kind === "next" && next !== item.node?.op && next) { // the end of a loop's round: back to its beginning
      const loop = visible.items.get(item.parent!)!.parent;
      linked.push(...[...visible.items.values()].filter((i) => i.parent === loop && i.node?.op === next).map((i) => i.key));
    }
    return nearest(linked, (k) => Math.abs(at(k).x - here.x) + Math.abs(at(k).y - here.y))
      ?? (kind === "back" ? item.parent : null);
  }
  const sign = event === "ArrowRight" || event === "ArrowDown" ? 1 : -1;
  const side = (k: Key): [number, number] => (across ? [at(k).y - here.y, at(k).x - here.x] : [at(k).x - here.x, at(k).y - here.y]);
  const beside = [...visible.items.values()].filter((i) => !i.open && i.key !== key && side(i.key)[0] * sign > 4 && Math.abs(side(i.key)[1]) < 90).map((i) => i.key);
  return nearest(beside, (k) => Math.abs(side(k)[0]) + 4 * Math.abs(side(k)[1]));
}

// The scene from Python (see mslearn/insight/graph_scene.py), and what of it is visible while
// scopes are folded. Everything here is linear in the size of the scene.

export interface Summary {
  first: (number | string | boolean)[];
  bad?: number;
  min?: number; max?: number; mean?: number; std?: number; norm?: number; zeros?: number;
  thumb?: (number | null)[][];
  of?: string;
}
export interface Output { shape: number[]; dtype: string; value: Summary; grad: Summary | null }
export type Phase = "forward" | "backward";
export interface GraphNode {
  id: number; kind: "op" | "parameter" | "input" | "constant" | "port"; op: string; name: string;
  light?: boolean; // the numbers are fetched when they are wanted
  scope: number; phase: Phase; outputs: Output[]; attrs: Record<string, string>; doc: string;
  source: { file: string; line: number; text: string } | null; cause: number | null;
  time?: number; // seconds
  update?: [number, number]; // sum |change|, sum |value| of an optimizer's step
  note?: string; // second line of a data pipeline's stage
}
/** A branch or loop: its operator, the line of code; a part of one: how often it ran, if known. */
export interface Control { kind: "branch" | "loop" | "call" | "then" | "else" | "condition" | "body" | "back"; node: number; text: string; runs: number | null }
export interface Scope { id: number; name: string; parent: number; phase: Phase; control?: Control }
export interface Scene {
  version: number; title: string; kind?: "data"; // a data pipeline
  scopes: Scope[]; nodes: GraphNode[];
  edges: [number, number, number, number][];
  loss: { node: number; output: number; value: number | string } | null;
}

/** A drawn thing: a node, or a scope (folded: a box of its own; unfolded: a frame around others). */
export type Key = string; // "n12" or "s3"
export interface Item {
  key: Key;
  node?: GraphNode;
  scope?: Scope;
  open: boolean;
  times?: number; // this scope stands for so many identical neighbours
  parent: Key | null; // frame around it
}
/** Edges between two drawn things, bundled. */
export interface Bundle { from: Key; to: Key; count: number; label: string; backward: boolean }
export interface Visible { items: Map<Key, Item>; bundles: Bundle[] }

export const shapeText = (shape: number[]): string => (shape.length ? shape.join("×") : "·");
export const shapeLong = (shape: number[]): string => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

export const isPart = (control: Control): boolean => !["branch", "loop", "call"].includes(control.kind);

export class GraphModel {
  readonly operators: number[]; // per scope, with everything below it
  readonly parameters: number[];
  readonly scopeNodes: number[];
  readonly hasBackward: boolean;
  showBackward = false;
  /** First scope of a run of identical neighbours, by scope; scopes without neighbours are missing. */
  readonly blocks = new Map<number, number>();
  readonly blockSize = new Map<number, number>(); // by first scope
  readonly apart = new Set<number>(); // runs that are shown one by one

  constructor(readonly scene: Scene, readonly open: Set<number>) {
    const { scopes, nodes } = scene;
    this.operators = scopes.map(() => 0);
    this.parameters = scopes.map(() => 0);
    this.scopeNodes = scopes.map(() => 0);
    for (const node of nodes) {
      const s = node.scope;
      if (s < 0) continue;
      if (node.kind === "op") this.operators[s]!++;
      if (node.kind === "parameter") this.parameters[s]!++;
      this.scopeNodes[s]!++;
    }
    for (let s = scopes.length - 1; s >= 0; s--) { // parents come first, so children are summed up first
      const p = scopes[s]!.parent;
      if (p < 0) continue;
      this.operators[p]! += this.operators[s]!;
      this.parameters[p]! += this.parameters[s]!;
      this.scopeNodes[p]! += this.scopeNodes[s]!;
    }
    this.hasBackward = scopes.some((scope) => scope.phase === "backward");
    this.findBlocks();
  }

  /** Runs of at least three neighbours with the same operators, shapes and inner scopes. */
  private findBlocks(): void {
    const { scopes, nodes } = this.scene;
    const inside: string[][] = scopes.map(() => []);
    for (const node of nodes) {
      if (node.scope >= 0) inside[node.scope]!.push(`${node.kind === "op" ? node.op : node.kind}${shapeText(node.outputs[0]?.shape ?? [])}`);
    }
    const signature: string[] = scopes.map(() => "");
    const children = new Map<number, number[]>();
    for (let s = scopes.length - 1; s >= 0; s--) { // children come after their parents
      const below = (children.get(s) ?? []).map((c) => signature[c]!);
      // Names hold the position ("3-Block"); what repeats is the class after it.
      signature[s] = `${scopes[s]!.name.replace(/^[^-]*-/, "")}(${inside[s]!.join()};${below.join()})`;
      const p = scopes[s]!.parent;
      (children.get(p) ?? children.set(p, []).get(p)!).unshift(s);
    }
    for (const siblings of children.values()) {
      for (let i = 0; i < siblings.length;) {
        let j = i + 1;
        while (j < siblings.length && signature[siblings[j]!] === signature[siblings[i]!]) j++;
        if (j - i >= 3 && this.operators[siblings[i]!]! > 1) {
          for (const s of siblings.slice(i, j)) this.blocks.set(s, siblings[i]!);
          this.blockSize.set(siblings[i]!, j - i);
        }
        i = j;
      }
    }
  }

  /** The first scope of the run that hides `scope`, or -1. */
  private gathered(scope: number): number {
    const first = this.blocks.get(scope);
    return first === undefined || this.apart.has(first) ? -1 : first;
  }

  /** The scopes that one box shows: itself, or a run of identical ones. */
  standsFor(item: Item): number[] {
    const id = item.scope!.id;
    return item.times ? Array.from(this.blocks).filter(([, block]) => block === id).map(([scope]) => scope) : [id];
  }

  /** Open a scope; a branch or loop with its parts, which tell nothing as long as they are folded. */
  unfold(scope: number): void {
    this.open.add(scope);
    if (!this.scene.scopes[scope]!.control) return;
    for (const part of this.scene.scopes) if (part.parent === scope && part.control && isPart(part.control)) this.open.add(part.id);
  }

  ancestors(scope: number): number[] {
    const found: number[] = [];
    for (let s = scope; s >= 0; s = this.scene.scopes[s]!.parent) found.push(s);
    return found;
  }

  visible(): Visible {
    const { scopes, nodes, edges } = this.scene;
    const items = new Map<Key, Item>();
    // For each scope the folded scope that hides it, or -1.
    const hidden = new Int32Array(scopes.length);
    for (const scope of scopes) {
      const above = scope.parent < 0 ? -1 : hidden[scope.parent]!;
      const block = above >= 0 ? -1 : this.gathered(scope.id);
      hidden[scope.id] = above >= 0 ? above : block >= 0 ? block : this.open.has(scope.id) ? -1 : scope.id;
      if (block >= 0 && block !== scope.id) continue;
      if (above >= 0 || this.scopeNodes[scope.id] === 0) continue;
      if (scope.phase === "backward" && !this.showBackward) continue;
      const parent = scope.parent < 0 ? null : `s${scope.parent}`;
      items.set(`s${scope.id}`, {
        key: `s${scope.id}`, scope, open: block < 0 && this.open.has(scope.id), parent,
        ...(block >= 0 ? { times: this.blockSize.get(block)! } : {}),
      });
    }
    const where: (Key | null)[] = nodes.map((node) => {
      if (node.phase === "backward" && !this.showBackward) return null;
      const by = node.scope < 0 ? -1 : hidden[node.scope]!;
      if (by >= 0) return `s${by}`;
      const key = `n${node.id}`;
      items.set(key, { key, node, open: false, parent: node.scope < 0 ? null : `s${node.scope}` });
      return key;
    });
    const bundles = new Map<string, Bundle>();
    const labels = new Map<string, Set<string>>();
    for (const [source, output, target] of edges) {
      const from = where[source], to = where[target];
      if (!from || !to || from === to) continue;
      const id = `${from}>${to}`;
      let bundle = bundles.get(id);
      if (!bundle) {
        bundle = { from, to, count: 0, label: "", backward: nodes[target]!.phase === "backward" };
        bundles.set(id, bundle);
        labels.set(id, new Set());
      }
      bundle.count++;
      labels.get(id)!.add(shapeText(nodes[source]!.outputs[output]!.shape));
    }
    for (const [id, bundle] of bundles) {
      const shapes = [...labels.get(id)!];
      bundle.label = shapes.length === 1 ? shapes[0]! : "";
      if (bundle.count > 1) bundle.label = bundle.label ? `${bundle.label} ×${bundle.count}` : `×${bundle.count}`;
    }
    return { items, bundles: [...bundles.values()] };
  }

  /** Nodes and scopes whose name holds `text`, scopes first. */
  search(text: string, limit = 500): Key[] {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [];
    const found: Key[] = [];
    const fits = (phase: Phase) => this.showBackward || phase === "forward";
    for (const scope of this.scene.scopes) {
      if (fits(scope.phase) && `${scope.name}\n${scope.control?.text ?? ""}`.toLowerCase().includes(wanted)) found.push(`s${scope.id}`);
    }
    for (const node of this.scene.nodes) {
      // The path before the last slash belongs to scopes, which are listed themselves.
      const own = node.kind === "op" ? node.name.slice(node.name.lastIndexOf("/") + 1) : node.name;
      if (fits(node.phase) && own.toLowerCase().includes(wanted)) found.push(`n${node.id}`);
      if (found.length >= limit) break;
    }
    return found;
  }

  reveal(key: Key): void {
    const id = Number(key.slice(1));
    const above = key[0] === "s" ? this.scene.scopes[id]!.parent : this.scene.nodes[id]!.scope;
    for (const scope of this.ancestors(above)) {
      this.open.add(scope);
      if (this.blocks.has(scope)) this.apart.add(this.blocks.get(scope)!);
    }
    if (key[0] === "s" && this.blocks.has(id)) this.apart.add(this.blocks.get(id)!);
  }
}

// The lines of the learner's code that made the nodes: from a line to its nodes and back.
import type { GraphModel } from "./graph-model";
import { h } from "./shared";

type Translate = (key: string, values?: Record<string, string | number>) => string;

export class SourceList {
  readonly element = h("div", { class: "ms-g-lines", hidden: true });
  private lines = new Map<string, { file: string; line: number; text: string; nodes: number[] }>();

  constructor(private readonly model: GraphModel, private readonly chosen: (nodes: number[]) => void) {
    for (const node of model.scene.nodes) {
      if (!node.source || node.kind !== "op" || node.phase === "backward") continue;
      const { file, line, text } = node.source;
      const key = `${file}:${line}`;
      const known = this.lines.get(key) ?? { file, line, text, nodes: [] };
      known.nodes.push(node.id);
      this.lines.set(key, known);
    }
  }

  get empty(): boolean { return !this.lines.size; }

  label(t: Translate): void {
    const sorted = [...this.lines.entries()].sort(([, a], [, b]) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
    this.element.replaceChildren(...sorted.map(([key, { file, line, text, nodes }]) => h("button", {
      type: "button", "data-line": key, title: file === "cell" ? t("cell", { line }) : t("file", { file, line }),
      onclick: () => this.chosen(nodes),
    }, h("span", { class: "ms-g-dim" }, String(line)), h("code", {}, text), h("span", { class: "ms-g-dim" }, `×${nodes.length}`))));
  }

  /** Mark the line of a node. */
  mark(node: number | null): void {
    const source = node === null ? null : this.model.scene.nodes[node]?.source;
    for (const line of this.element.querySelectorAll<HTMLElement>("[data-line]")) {
      const on = source !== null && source !== undefined && line.dataset["line"] === `${source.file}:${source.line}`;
      line.setAttribute("aria-pressed", String(on));
      if (on && !this.element.hidden) line.scrollIntoView({ block: "nearest" });
    }
  }
}

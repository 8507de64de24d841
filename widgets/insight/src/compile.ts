// How a function is compiled: source, graph and text side by side, and a slider through the passes.
// Whatever is chosen in one pane (a line, a node, a line of text) is shown in the other two.
import "./compile.css";
import { draw } from "./graph-draw";
import "./graph.css";
import { place } from "./graph-layout";
import { GraphModel, type GraphNode, type Item, type Scene, shapeText } from "./graph-model";
import { READABLE, View } from "./graph-pan";
import { type Model, type Words, announcer, followTheme, h, integer, s, translator } from "./shared";

interface Operation { op: string; line: [number, number] | null; backward: boolean; within: number }
interface Stage {
  name: string; teaches: Record<"en" | "zh", string>; counts: Record<"nodes" | "flops" | "bytes_moved" | "peak_bytes", number>;
  graph: Scene & { nodes: (GraphNode & { operation: number })[] }; text: [string, number][];
}
interface Compiled {
  title: string; stages: Stage[]; operations: Operation[];
  source: { file: string; function: string; lines: [number, string][] }[];
}

const words: Words = {
  title: { en: "How {name} is compiled", zh: "{name} 是怎样编译的" },
  slider: { en: "pass", zh: "编译阶段" },
  earlier: { en: "Earlier pass", zh: "上一个阶段" },
  later: { en: "Later pass", zh: "下一个阶段" },
  source: { en: "Source", zh: "源代码" },
  graph: { en: "Graph", zh: "计算图" },
  ir: { en: "Graph as text", zh: "计算图的文本形式" },
  program: { en: "The program that runs", zh: "实际运行的程序" },
  counts: {
    en: "{nodes} operations · {flops} floating-point operations · {moved} bytes moved · at most {peak} bytes alive",
    zh: "{nodes} 个操作 · {flops} 次浮点运算 · 读写 {moved} 字节 · 同时存活最多 {peak} 字节",
  },
  at: { en: "{k} of {n}: {name}", zh: "第 {k} 步，共 {n} 步：{name}" },
  chosen: { en: "{op}: {lines} source line(s), {nodes} node(s)", zh: "{op}：{lines} 行源代码，{nodes} 个节点" },
  help: {
    en: "Slide through the passes. Choose a line or a node to see where it went.",
    zh: "拖动滑块逐个查看各阶段；点选一行或一个节点，看它变成了什么。",
  },
};

let views = 0; // marker ids are global to the page

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const scene = model.get("scene") as Compiled;
  const arrow = `ms-c-arrow-${++views}`;
  let chosen = new Set<number>(); // operations
  let elements = new Map<string, SVGElement>();

  const title = h("h3", { class: "ms-title" });
  const slider = h("input", { type: "range", min: 0, max: scene.stages.length - 1, step: 1, oninput: () => go(Number(slider.value)) });
  const earlier = h("button", { type: "button", "data-action": "earlier", onclick: () => go(at() - 1) }, "◀");
  const later = h("button", { type: "button", "data-action": "later", onclick: () => go(at() + 1) }, "▶");
  const name = h("strong", { class: "ms-c-name" });
  const teaches = h("p", { class: "ms-c-teaches" });
  const counts = h("p", { class: "ms-dim ms-c-counts" });
  const left = h("div", { class: "ms-c-pane ms-c-source" }), right = h("div", { class: "ms-c-pane ms-c-text" });
  const svg = s("svg", { role: "tree", tabindex: 0, class: "ms-c-graph" },
    s("defs", {}, s("marker", { id: arrow, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
      s("path", { d: "M0 0.5L8 4L0 7.5Z", class: "ms-g-arrow" })))) as SVGSVGElement;
  const layer = s("g", {});
  svg.append(layer);
  const heads = [0, 1, 2].map(() => h("div", { class: "ms-c-head" }));
  const help = h("p", { class: "ms-dim ms-c-help" });
  const root = h("section", { class: "ms ms-graph ms-compile" },
    h("div", { class: "ms-c-bar" }, title),
    h("div", { class: "ms-c-bar" }, earlier, slider, later, name),
    teaches, counts,
    h("div", { class: "ms-c-panes" },
      h("div", {}, heads[0]!, left), h("div", {}, heads[1]!, h("div", { class: "ms-c-pane ms-g-stage" }, svg)), h("div", {}, heads[2]!, right)),
    help);
  const say = announcer(root);
  el.append(root);
  const view = new View(svg, layer, () => true);

  const at = () => Math.max(0, Math.min(scene.stages.length - 1, model.get("stage") as number));
  function go(stage: number): void {
    if (stage < 0 || stage >= scene.stages.length) return;
    model.set("stage", stage);
    model.save_changes();
  }

  // -- panes --------------------------------------------------------------------------------------
  function row(label: string, text: string, ops: number[], extra: Record<string, string>): HTMLElement {
    const choose = () => { chosen = new Set(ops); mark(true); };
    return h("div", {
      class: "ms-c-row", "data-ops": ops.join(" "), ...extra, role: ops.length ? "button" : null,
      tabindex: ops.length ? 0 : null, onclick: ops.length ? choose : null,
      onkeydown: ops.length ? (e: KeyboardEvent) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); choose(); } } : null,
    } as any, h("span", { class: "ms-c-no", "aria-hidden": "true" }, label), h("code", {}, text || " "));
  }

  function source(): void {
    const lines: HTMLElement[] = [];
    scene.source.forEach((block, b) => {
      lines.push(h("div", { class: "ms-c-file ms-dim" }, `${block.file} · ${block.function}`));
      for (const [n, text] of block.lines) {
        const ops = scene.operations.flatMap((o, k) => (o.line && o.line[0] === b && o.line[1] === n ? [k] : []));
        lines.push(row(String(n), text, ops, { "data-line": String(n) }));
      }
    });
    left.replaceChildren(...lines);
  }

  function graph(stage: Stage): void {
    const graphModel = new GraphModel(stage.graph, new Set());
    graphModel.showBackward = true;
    const visible = graphModel.visible();
    const texts = (item: Item): [string, string] => [item.node!.op, shapeText(item.node!.outputs[0]?.shape ?? []).replace("·", "()")];
    const placed = place(graphModel, visible, false, texts);
    const made = draw(visible, placed, false, {
      texts, label: (item) => texts(item).join(", "), toggle: () => "", shade: () => null, isLoss: () => false, arrow,
    });
    elements = made.elements;
    for (const [key, element] of elements) {
      const node = stage.graph.nodes[Number(key.slice(1))]!;
      element.setAttribute("data-ops", node.operation >= 0 ? String(node.operation) : "");
      if (node.phase === "backward") element.classList.add("ms-c-backward");
      if (node.operation < 0) continue;
      element.addEventListener("click", () => { chosen = new Set([node.operation]); mark(false); });
    }
    layer.replaceChildren(made.root);
    requestAnimationFrame(() => { view.begin(placed.width, placed.height); reveal(); });
  }

  function text(stage: Stage): void {
    right.replaceChildren(...stage.text.map(([line, op], k) => row(String(k + 1), line, op >= 0 ? [op] : [], {})));
  }

  function mark(move: boolean): void {
    const hit = (element: Element, ops = chosen) => (element.getAttribute("data-ops") ?? "").split(" ").some((op) => op !== "" && ops.has(Number(op)));
    let nodes = 0, lines = 0;
    for (const pane of [left, right]) {
      let first: Element | null = null;
      for (const element of pane.querySelectorAll(".ms-c-row")) {
        const on = hit(element);
        element.classList.toggle("ms-c-on", on);
        if (on && pane === left) lines++;
        if (on) first ??= element;
      }
      if (first) (pane as HTMLElement).scrollTop += first.getBoundingClientRect().top - pane.getBoundingClientRect().top - 40;
    }
    // What stands in a branch or loop is not drawn: its node is shown in its place.
    const drawn = new Set<number>();
    for (let op of chosen) for (; op >= 0; op = scene.operations[op]!.within) drawn.add(op);
    for (const element of elements.values()) {
      const on = hit(element, drawn);
      element.classList.toggle("ms-c-on", on);
      if (on) nodes++;
    }
    if (move) reveal();
    const one = scene.operations[[...chosen][0] ?? -1];
    if (one && move) say(t("chosen", { op: one.op, lines, nodes }));
  }

  /** Move the picture so that the first of the chosen nodes, or of all, can be seen and read. */
  function reveal(): void {
    const first = layer.querySelector(".ms-c-on") ?? [...elements.values()][0]; // an input
    if (!first) return;
    if (view.scale < READABLE) view.zoom(0.8 / view.scale);
    const box = first.getBoundingClientRect(), pane = svg.getBoundingClientRect();
    const outside = box.left < pane.left || box.right > pane.right || box.top < pane.top || box.bottom > pane.bottom;
    if (!outside) return;
    view.x += (pane.left + pane.right - box.left - box.right) / 2;
    view.y += (pane.top + pane.bottom - box.top - box.bottom) / 2;
    view.apply();
  }

  function show(): void {
    const k = at(), stage = scene.stages[k]!;
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    title.textContent = t("title", { name: scene.title });
    slider.value = String(k);
    slider.setAttribute("aria-label", t("slider"));
    slider.setAttribute("aria-valuetext", stage.name);
    for (const [button, key] of [[earlier, "earlier"], [later, "later"]] as const) button.setAttribute("aria-label", t(key));
    earlier.disabled = k === 0;
    later.disabled = k === scene.stages.length - 1;
    name.textContent = stage.name;
    teaches.textContent = stage.teaches[model.get("language") === "zh" ? "zh" : "en"];
    const c = stage.counts;
    counts.textContent = t("counts", { nodes: integer(c.nodes), flops: integer(c.flops), moved: integer(c.bytes_moved), peak: integer(c.peak_bytes) });
    heads[0]!.textContent = t("source");
    heads[1]!.textContent = t("graph");
    heads[2]!.textContent = t(stage.name === "program" ? "program" : "ir");
    help.textContent = t("help");
    source();
    graph(stage);
    text(stage);
    mark(false);
    say(t("at", { k: k + 1, n: scene.stages.length, name: stage.name }));
  }

  model.on("change:stage", show);
  model.on("change:language", show);
  const stop = followTheme(root);
  show();
  return () => { stop(); view.stop(); model.off("change:stage", show); model.off("change:language", show); };
}

export default { render };

// How a function is compiled: source, graph and text side by side, and a slider through the passes.
// Whatever is chosen in one pane (a line, a node, a line of text) is shown in the other two.
import "./compile.css";
import { type Line, Rows } from "./compile-rows";
import { controlWords, scopeTitle } from "./graph-control";
import { draw } from "./graph-draw";
import "./graph.css";
import { type Box, place } from "./graph-layout";
import { GraphModel, type GraphNode, type Item, type Scene, isPart, shapeText } from "./graph-model";
import { READABLE, View } from "./graph-pan";
import { type Model, type Words, announcer, followTheme, h, integer, s, translator } from "./shared";

interface Operation { op: string; line: [number, number] | null; backward: boolean; within: number }
interface Stage {
  name: string; teaches: Record<"en" | "zh", string>; counts: Record<"nodes" | "flops" | "bytes_moved" | "peak_bytes", number>;
  graph: number; text: number; // many passes change nothing: each graph and text is sent once
}
type Graph = Scene & { nodes: (GraphNode & { operation: number })[]; unfolded: number[] };
interface Compiled {
  title: string; stages: Stage[]; operations: Operation[]; graphs: Graph[]; texts: [string, number][][];
  source: { file: string; function: string; lines: [number, string][] }[];
}

const words: Words = {
  ...controlWords,
  nodes: { en: "{n} operations", zh: "{n} 个操作" },
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
  folds: { en: " + and − (or Enter in the graph) unfold and fold a branch or loop.", zh: "点 + 和 −（或在图上按回车）展开、折叠分支和循环。" },
};

/** A graph as it is on the page. */
interface Picture { root: SVGElement; of: Map<number, [SVGElement, Box][]>; first: Box | null; width: number; height: number }

let views = 0; // marker ids are global to the page

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const scene = model.get("scene") as Compiled;
  const arrow = `ms-c-arrow-${++views}`;
  let chosen = new Set<number>(); // operations
  const models: GraphModel[] = [];
  const pictures: (Picture | undefined)[] = [], texts: (Rows | undefined)[] = [];
  let picture: Picture | null = null, lines: Rows | null = null; // those on the page
  let lit: SVGElement[] = [];

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
  const layer = s("g", { onclick: (event: Event) => {
    const key = (event.target as Element).closest("[data-key]")?.getAttribute("data-key");
    if (!key) return;
    const graph = scene.graphs[scene.stages[at()]!.graph]!, k = Number(key.slice(1));
    const node = graph.nodes[key[0] === "s" ? graph.scopes[k]!.control!.node : k]!;
    if ((event.target as Element).closest(".ms-g-toggle")) toggle(k);
    else if (node.operation >= 0 && !(event.target as Element).closest(".ms-g-frame")) { chosen = new Set([node.operation]); mark(false); }
  } });
  svg.append(layer);
  svg.addEventListener("keydown", (event) => { // the branch or loop that is chosen, or the first
    const graph = scene.graphs[scene.stages[at()]!.graph]!;
    const own = graph.scopes.filter(({ control }) => control && !isPart(control));
    const scope = own.find(({ control }) => chosen.has(graph.nodes[control!.node]!.operation)) ?? own[0];
    if (event.key !== "Enter" || !scope) return;
    toggle(scope.id);
    event.preventDefault();
    event.stopPropagation();
  });
  const controlled = scene.graphs.some((graph) => graph.scopes.length);
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
  const choose = (operations: number[]) => { chosen = new Set(operations); mark(true); };

  function sourceRows(): Rows {
    const made = new Map<string, number[]>(); // by block and line
    scene.operations.forEach(({ line }, k) => {
      const place = String(line);
      if (line) (made.get(place) ?? made.set(place, []).get(place)!).push(k);
    });
    return new Rows(scene.source.flatMap((block, b): Line[] => [
      { label: "", text: `${block.file} · ${block.function}`, operations: [], head: true },
      ...block.lines.map(([n, text]) => ({ label: String(n), text, operations: made.get(`${b},${n}`) ?? [] })),
    ]), choose);
  }

  function pictureOf(k: number): Picture {
    const graph = scene.graphs[k]!, model = models[k] ??= new GraphModel(graph, new Set(graph.unfolded));
    model.showBackward = true;
    const visible = model.visible();
    const texts = (item: Item): [string, string] => item.scope ? [scopeTitle(item.scope, t), t("nodes", { n: integer(model.operators[item.scope.id]!) })]
      : [item.node!.op, shapeText(item.node!.outputs[0]?.shape ?? []).replace("·", "()")];
    const placed = place(model, visible, false, texts);
    const made = draw(visible, placed, false, {
      texts, label: (item) => texts(item).join(", "), toggle: (item) => t(item.open ? "fold_tip" : "unfold_tip", { name: texts(item)[0] }), shade: () => null, isLoss: () => false, arrow,
    });
    const of = new Map<number, [SVGElement, Box][]>();
    for (const [key, element] of made.elements) {
      const item = visible.items.get(key)!;
      if (item.open) continue;
      const node = item.node ? graph.nodes[item.node.id]! : graph.nodes[item.scope!.control!.node]!;
      if (node.phase === "backward") element.classList.add("ms-c-backward");
      if (node.operation < 0) continue;
      (of.get(node.operation) ?? of.set(node.operation, []).get(node.operation)!).push([element, placed.boxes.get(key)!]);
    }
    const first = placed.boxes.values().next().value ?? null; // an input
    return { root: made.root, of, first, width: placed.width, height: placed.height };
  }

  /** Fold or unfold a branch or loop; the picture stays where it is. */
  function toggle(scope: number): void {
    const k = scene.stages[at()]!.graph, graph = models[k]!, open = graph.open.has(scope);
    if (open) graph.open.delete(scope);
    else graph.unfold(scope);
    layer.replaceChildren((picture = pictures[k] = pictureOf(k)).root);
    mark(false);
    say(`${scopeTitle(scene.graphs[k]!.scopes[scope]!, t)}: ${t(open ? "folded" : "unfolded")}`);
  }

  function textRows(k: number): Rows {
    return new Rows(scene.texts[k]!.map(([text, op], n) => ({ label: String(n + 1), text, operations: op >= 0 ? [op] : [] })), choose);
  }

  function mark(move: boolean): void {
    const here = [source.mark(chosen), lines!.mark(chosen)];
    // What stands in a folded branch or loop is not drawn: its box is shown in its place.
    const drawn = new Set<number>();
    for (let op of chosen) {
      while (op >= 0 && !picture!.of.has(op)) op = scene.operations[op]!.within;
      drawn.add(op);
    }
    const nodes = [...drawn].flatMap((op) => picture!.of.get(op) ?? []);
    for (const element of lit) element.classList.remove("ms-c-on");
    lit = nodes.map(([element]) => element);
    for (const element of lit) element.classList.add("ms-c-on");
    [left, right].forEach((pane, k) => {
      const first = here[k]![0];
      if (first) pane.scrollTop += first.getBoundingClientRect().top - pane.getBoundingClientRect().top - 40;
    });
    if (move) reveal(nodes);
    const one = scene.operations[[...chosen][0] ?? -1];
    if (one && move) say(t("chosen", { op: one.op, lines: here[0]!.length, nodes: nodes.length }));
  }

  /** Move the picture so that the first of the chosen nodes, or of all, can be seen and read. */
  function reveal(nodes: [SVGElement, Box][]): void {
    const box = nodes[0]?.[1] ?? picture!.first;
    if (!box) return;
    if (view.scale < READABLE) view.zoom(0.8 / view.scale);
    const { x, y } = view.toScreen(box.x, box.y), w = box.width * view.scale / 2, h = box.height * view.scale / 2;
    if (x >= w && x <= view.width - w && y >= h && y <= view.height - h) return;
    view.x += view.width / 2 - x;
    view.y += view.height / 2 - y;
    view.apply();
  }

  const source = sourceRows();
  left.append(source.element);

  /** Graphs and texts of passes that nobody has asked for yet are made while the page has time. */
  let waiting = 0;
  function prepare(): void {
    const graph = scene.graphs.findIndex((_, k) => !pictures[k]), text = scene.texts.findIndex((_, k) => !texts[k]);
    if (graph < 0 && text < 0) return;
    waiting = setTimeout(() => {
      if (graph >= 0) pictures[graph] = pictureOf(graph);
      else texts[text] = textRows(text);
      prepare();
    }, 60);
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
    help.textContent = t("help") + (controlled ? t("folds") : "");
    const now = pictures[stage.graph] ??= pictureOf(stage.graph);
    const rows = texts[stage.text] ??= textRows(stage.text);
    if (now !== picture) { // the place is chosen first: a text in SVG is laid out anew when its scale changes
      picture = now;
      layer.replaceChildren();
      const begin = () => { view.begin(now.width, now.height); reveal([...chosen].flatMap((op) => now.of.get(op) ?? [])); };
      if (svg.clientWidth) begin();
      else requestAnimationFrame(begin); // the widget does not stand on the page yet
      layer.replaceChildren(now.root);
    }
    if (rows !== lines) right.replaceChildren((lines = rows).element);
    mark(false);
    say(t("at", { k: k + 1, n: scene.stages.length, name: stage.name }));
  }

  model.on("change:stage", show);
  const relabel = () => { // titles of branches and loops are words
    if (controlled) { pictures.length = 0; picture = null; }
    show();
  };
  model.on("change:language", relabel);
  const stop = followTheme(root);
  show();
  prepare();
  return () => { stop(); clearTimeout(waiting); view.stop(); model.off("change:stage", show); model.off("change:language", relabel); };
}

export default { render };

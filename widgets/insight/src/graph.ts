// The computation graph: scopes that fold and unfold, a card for every node, keys and pointer.
import "./graph.css";
import { download } from "./curves-export";
import { type Facts, card } from "./graph-card";
import { draw, kinds } from "./graph-draw";
import { type Placed, place } from "./graph-layout";
import { GraphModel, type GraphNode, type Key, type Scene, type Visible } from "./graph-model";
import { Minimap } from "./graph-minimap";
import { OVERLAYS, Overlay, type OverlayKind } from "./graph-overlay";
import { READABLE, View } from "./graph-pan";
import { SourceList } from "./graph-source";
import { texter } from "./graph-text";
import { neighbour } from "./graph-walk";
import { words } from "./graph-words";
import { type Model, announcer, followTheme, h, number, s, translator } from "./shared";

let graphs = 0; // marker ids are global to the page

type Given = { model: Model; el: HTMLElement };

/** A large scene comes packed (see graph_view.py). */
function render(given: Given): (() => void) | Promise<() => void> {
  const began = performance.now();
  const scene = given.model.get("scene") as Scene | { zip: DataView<ArrayBuffer> };
  if (!("zip" in scene)) return show(given, scene, began);
  const plain = new Blob([scene.zip]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(plain).json().then((found: Scene) => show(given, found, began));
}

function show({ model, el }: Given, scene: Scene, began: number): () => void {
  const t = translator(words, model);
  const arrow = `ms-g-arrow-${++graphs}`;
  const initial: number[] = model.get("unfolded") ?? [];
  const graph = new GraphModel(scene, new Set(initial));
  let across = false;
  const overlay = new Overlay(graph);
  let lined = new Set<number>(); // nodes of the chosen source line
  let visible: Visible = graph.visible();
  let placed!: Placed;
  let elements = new Map<Key, SVGElement>();
  let current: Key | null = null; // where the keyboard stands
  let pinned: Key | null = null, hovered: Key | null = null;
  let matches: Key[] = [], match = 0;
  let fitted = false; // the stage has its size only after the notebook has put it on the page

  // -- the parts of the page ------------------------------------------------------------------
  const title = h("h3", { class: "ms-title" });
  const counts = h("span", { class: "ms-dim ms-g-counts" });
  const search = h("input", { type: "search" });
  const found = h("span", { class: "ms-dim ms-g-found", role: "status" });
  const button = (action: string, extra = "") => h("button", { type: "button", "data-action": action, class: extra });
  const backward = button("backward", "ms-toggle");
  const direction = button("across", "ms-toggle");
  const fold = button("fold"), fit = button("fit");
  const zoomIn = button("zoomin", "ms-g-icon"), zoomOut = button("zoomout", "ms-g-icon");
  zoomIn.textContent = "+"; zoomOut.textContent = "−";
  const tints = OVERLAYS.map((kind) => h("option", { value: kind }));
  const colour = h("select", { "data-action": "colour" }, ...tints);
  const lines = new SourceList(graph, (nodes) => showLine(nodes));
  const source = button("source", "ms-toggle");
  let saving = false; // another view of the same graph may have asked
  const saves = (["svg", "dot"] as const).map((kind) => h("button", {
    type: "button", "data-action": kind,
    onclick: () => {
      saving = true;
      model.send({ type: "export", kind, unfolded: [...graph.open], apart: [...graph.apart], backward: graph.showBackward });
    },
  }, kind.toUpperCase()));
  const colourText = h("span", {});
  const tinting = h("label", {}, colourText, colour);
  const svg = s("svg", { role: "tree", tabindex: 0 },
    s("defs", {}, s("marker", { id: arrow, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
      s("path", { d: "M0 0.5L8 4L0 7.5Z", class: "ms-g-arrow" })))) as SVGSVGElement;
  const layer = s("g", {});
  svg.append(layer);
  const close = h("button", { type: "button", class: "ms-g-close" }, "×");
  const sheet = h("div", {});
  const panel = h("aside", { class: "ms-g-card", hidden: true }, close, sheet);
  const stage = h("div", { class: "ms-g-stage" }, svg, panel);
  const legend = h("div", { class: "ms-g-legend" });
  const help = h("div", { class: "ms-g-help" });
  const root = h("section", { class: "ms ms-graph" },
    h("div", { class: "ms-g-bar" }, title, counts),
    h("div", { class: "ms-g-bar" }, search, found, backward,
      tinting, h("span", { class: "ms-g-push" }), source, direction, fold, fit, zoomOut, zoomIn, ...saves),
    lines.element, stage, h("div", { class: "ms-g-foot" }, legend, help));
  // The notebook has its own ideas about arrow keys, also while a list of ours has the focus.
  colour.addEventListener("keydown", (event) => event.stopPropagation());
  const say = announcer(root);
  el.append(root);
  const view: View = new View(svg, layer, () => { map.move(); if (!panel.hidden) showCard(); });
  const map: Minimap = new Minimap(view);
  stage.append(map.element);
  if (lines.empty) source.hidden = true;
  if (!graph.hasBackward) backward.hidden = true;
  if (!scene.scopes.length) fold.hidden = true;
  OVERLAYS.forEach((kind, k) => { tints[k]!.disabled = tints[k]!.hidden = !overlay.has(kind); });
  tinting.hidden = tints.filter((option) => !option.hidden).length < 2;

  // -- words ------------------------------------------------------------------------------------
  const { texts, described } = texter(graph, overlay, t);

  function label(): void {
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    title.textContent = scene.kind === "data" ? t("pipeline") : scene.title ? t("of", { name: scene.title }) : t("graph");
    const ops = scene.nodes.filter((n) => n.kind === "op" && n.phase === "forward").length;
    const params = scene.nodes.filter((n) => n.kind === "parameter").length;
    const value = scene.loss?.value;
    counts.textContent = scene.kind === "data" ? t("stages", { n: scene.nodes.length }) : t("counts", { ops, params }) + (scene.loss
      ? ` · ${t("loss", { value: typeof value === "number" ? number(value) : String(value) })}` : "");
    search.placeholder = t("search");
    search.setAttribute("aria-label", t("search"));
    backward.textContent = t("backward");
    direction.textContent = t("across");
    fold.textContent = t("fold");
    fit.textContent = t("fit"); fit.title = t("fit_tip");
    for (const [b, key] of [[zoomIn, "zoomin"], [zoomOut, "zoomout"], [close, "close"]] as const) {
      b.title = t(key); b.setAttribute("aria-label", t(key));
    }
    colourText.textContent = t("colour");
    OVERLAYS.forEach((kind, k) => { tints[k]!.textContent = t(`by_${kind}`); });
    source.textContent = t("lines");
    for (const b of saves) { b.title = t("save", { kind: b.textContent ?? "" }); b.setAttribute("aria-label", b.title); }
    lines.label(t);
    svg.setAttribute("aria-label", t("app"));
    help.textContent = t("help");
    drawLegend();
  }
  const ports = scene.nodes.some((node) => node.kind === "port");
  const drawLegend = () => legend.replaceChildren(...(overlay.on ? overlay.legend(t) : scene.kind === "data" ? [] : kinds(t, ports)));

  /** Lines of a card: what each overlay knows of the item. */
  const facts: Facts = (item) => OVERLAYS.flatMap((kind): [string, string][] => {
    if (kind === "kind" || (item.node && (kind === "grad" || kind === "dead"))) return []; // in the card already
    const text = overlay.text(item, kind);
    return text === null ? [] : [[t(`fact_${kind}`), text]];
  });

  // -- layout and picture -----------------------------------------------------------------------
  function update(keep: Key | null = null): void {
    const before = keep ? placed?.boxes.get(keep) : undefined;
    const at = before && view.toScreen(before.x, before.y - before.height / 2);
    visible = graph.visible();
    overlay.measure(visible);
    placed = place(graph, visible, across, texts);
    const picture = draw(visible, placed, across, {
      texts, label: described, shade: (item) => overlay.shade(item),
      toggle: (item) => t(item.open ? "fold_tip" : "unfold_tip", { name: texts(item)[0] }),
      arrow,
      isLoss: (item) => item.node !== undefined && item.node.id === scene.loss?.node,
    });
    elements = picture.elements;
    layer.replaceChildren(picture.root);
    map.draw(placed);
    root.classList.toggle("ms-g-overlay", overlay.on);
    drawLegend(); // its ends are those of what is visible
    if (current && !elements.has(current)) current = null;
    if (pinned && !elements.has(pinned)) pinned = null;
    hovered = null;
    mark();
    const after = keep ? placed.boxes.get(keep) : undefined;
    // As long as the learner has not moved the picture it shows everything; else a scope that folds
    // stays under the pointer.
    if (fitted && !view.touched && view.fitScale(placed.width, placed.height) >= READABLE) {
      view.fit(placed.width, placed.height);
    } else {
      if (at && after) view.holdAt(after.x, after.y - after.height / 2, at);
      view.keepInside(placed.width, placed.height);
    }
    showCard();
  }

  function mark(): void {
    const first = current ?? entry();
    for (const [key, element] of elements) {
      element.setAttribute("tabindex", key === first ? "0" : "-1");
      element.classList.toggle("ms-g-on", key === (pinned ?? current));
      element.classList.toggle("ms-g-lined", key[0] === "n" && lined.has(Number(key.slice(1))));
    }
    const node = pinned ?? current;
    lines.mark(node?.[0] === "n" ? Number(node.slice(1)) : null);
    svg.setAttribute("tabindex", first ? "-1" : "0");
    const lit = hovered ?? pinned ?? current;
    for (const line of layer.querySelectorAll<SVGElement>(".ms-g-edge, .ms-g-tag")) {
      line.classList.toggle("ms-g-lit", lit !== null && (line.dataset["from"] === lit || line.dataset["to"] === lit));
    }
  }
  const entry = (): Key | null => {
    for (const item of visible.items.values()) if (!item.open) return item.key;
    return null;
  };

  function showCard(): void {
    const key = pinned ?? hovered ?? (root.contains(document.activeElement) && document.activeElement?.closest(".ms-g-item") ? current : null);
    const item = key ? visible.items.get(key) : undefined;
    panel.hidden = !item;
    if (!item || !key) return;
    panel.classList.toggle("ms-g-pinned", pinned === key);
    if (panel.dataset["key"] !== key || panel.dataset["lang"] !== root.lang) {
      panel.dataset["key"] = key; panel.dataset["lang"] = root.lang;
      const node = item.node ?? scene.nodes[item.scope?.control?.node ?? -1];
      if (node?.light) model.send({ type: "card", node: node.id });
      sheet.replaceChildren(card(item, graph, facts, t));
      panel.scrollTop = 0;
    }
    const box = placed.boxes.get(key)!;
    const top = box.y - box.height / 2;
    const right = view.toScreen(box.x + box.width / 2, top), left = view.toScreen(box.x - box.width / 2, top);
    const w = panel.offsetWidth, height = panel.offsetHeight;
    // At the border of the stage if the node leaves room there, where it hides least of the graph.
    const border = stage.clientWidth - w - 8;
    const x = right.x + 14 <= border ? border : left.x - 14 >= w + 8 ? 8 : border;
    panel.style.left = `${Math.max(8, x)}px`;
    panel.style.top = `${Math.max(8, Math.min(right.y - 10, stage.clientHeight - height - 8))}px`;
  }

  // -- acting -----------------------------------------------------------------------------------
  function toggle(key: Key): void {
    const item = visible.items.get(key);
    if (!item?.scope) return;
    if (item.times) graph.apart.add(item.scope.id);
    else if (item.open) graph.open.delete(item.scope.id);
    else graph.unfold(item.scope.id);
    const held = document.activeElement?.closest(".ms-g-item") !== null;
    if (pinned === key) pinned = null;
    current = key;
    update(key);
    if (held) focus(key, false);
    say(`${texts(item)[0]}: ${t(item.open ? "folded" : "unfolded")}`);
  }
  function focus(key: Key, into = true): void {
    current = key;
    mark();
    (elements.get(key) as SVGElement | undefined)?.focus({ preventScroll: true });
    const box = placed.boxes.get(key);
    if (box && into) view.reveal(box);
    showCard();
  }
  function pin(key: Key | null): void {
    pinned = key;
    mark();
    showCard();
  }
  const keyOf = (target: EventTarget | null): Key | null =>
    (target as Element | null)?.closest?.<SVGElement>(".ms-g-item[data-key]")?.dataset["key"] ?? null;

  svg.addEventListener("pointerover", (event) => {
    const key = keyOf(event.target);
    const item = key ? visible.items.get(key) : undefined;
    const next = item && !item.open ? item.key : null; // the inside of a frame is no hover target
    if (next === hovered) return;
    hovered = next;
    mark(); showCard();
  });
  svg.addEventListener("pointerleave", () => { hovered = null; mark(); showCard(); });
  svg.addEventListener("click", (event) => {
    if (view.moved) return;
    const key = keyOf(event.target);
    if (key && (event.target as Element).closest(".ms-g-toggle")) { toggle(key); return; }
    const item = key ? visible.items.get(key) : undefined;
    if (!item || item.open) { pin(null); return; }
    current = item.key;
    pin(pinned === item.key ? null : item.key);
    say(described(item));
  });
  svg.addEventListener("dblclick", (event) => {
    const key = keyOf(event.target);
    if (key && !(event.target as Element).closest(".ms-g-toggle")) toggle(key);
    event.preventDefault();
  });
  svg.addEventListener("focusin", (event) => {
    const key = keyOf(event.target);
    if (key && key !== current) { current = key; mark(); }
    const box = key ? placed.boxes.get(key) : undefined;
    if (box && (event.target as Element).matches(":focus-visible")) view.reveal(box);
    showCard();
  });
  svg.addEventListener("focusout", () => requestAnimationFrame(showCard));
  close.addEventListener("click", () => pin(null));

  svg.addEventListener("keydown", (event) => {
    const key = keyOf(event.target) ?? current ?? entry();
    if (!key) return;
    const item = visible.items.get(key)!;
    if (event.key.startsWith("Arrow")) {
      const next = neighbour(key, event.key, visible, placed, across);
      if (next) { pinned = null; focus(next); say(described(visible.items.get(next)!)); }
    } else if (event.key === "Enter" || event.key === " ") {
      if (item.scope) toggle(key);
      else { pin(pinned === key ? null : key); say(described(item)); }
    } else if (event.key === "+" || event.key === "=") { if (item.scope && !item.open) toggle(key); } else if (event.key === "-") {
      if (item.open) toggle(key);
      else if (item.parent) { focus(item.parent, false); toggle(item.parent); }
    } else if (event.key === "Escape") pin(null);
    else if (event.key === "/") search.focus();
    else return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has its own ideas about these keys
  });

  /** All nodes that one line of code made: unfolded, marked, the first of them in view. */
  function showLine(nodes: number[]): void {
    lined = new Set(nodes);
    for (const id of nodes) graph.reveal(`n${id}`);
    current = `n${nodes[0]!}`;
    pinned = null;
    update();
    view.reveal(placed.boxes.get(current)!, true);
    say(t("line_nodes", { n: nodes.length }));
  }
  source.addEventListener("click", () => {
    lines.element.hidden = !lines.element.hidden;
    source.setAttribute("aria-pressed", String(!lines.element.hidden));
  });
  const take = (message: { type: string; kind: string; text: string; node: number; full: Partial<GraphNode> }) => {
    if (message?.type === "export" && saving) {
      saving = false;
      const name = (scene.title || "graph").replace(/[^\p{L}\p{N}_-]+/gu, "-");
      download(`${name}.${message.kind}`, new Blob([message.text], { type: message.kind === "svg" ? "image/svg+xml" : "text/vnd.graphviz" }));
    }
    if (message?.type === "card") {
      Object.assign(scene.nodes[message.node]!, message.full, { light: false });
      delete panel.dataset["key"];
      showCard();
    }
  };
  model.on("msg:custom", take);

  function go(step: number): void {
    if (!matches.length) { found.textContent = search.value.trim() ? t("none") : ""; return; }
    match = (match + step + matches.length) % matches.length;
    const key = matches[match]!;
    graph.reveal(key);
    current = key;
    update();
    const box = placed.boxes.get(key);
    if (box) view.reveal(box, true);
    pin(key);
    found.textContent = t("found", { k: match + 1, n: matches.length });
    say(`${found.textContent}: ${described(visible.items.get(key)!)}`);
  }
  search.addEventListener("input", () => {
    matches = graph.search(search.value);
    match = 0;
    if (!matches.length) pin(null);
    go(0);
  });
  search.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") { go(event.shiftKey ? -1 : 1); event.preventDefault(); }
    if (event.key === "Escape") { search.value = ""; matches = []; found.textContent = ""; pin(null); }
    if (event.key === "ArrowDown" && current) { focus(current); event.preventDefault(); }
  });
  backward.addEventListener("click", () => {
    graph.showBackward = !graph.showBackward;
    backward.setAttribute("aria-pressed", String(graph.showBackward));
    update(); view.fit(placed.width, placed.height);
  });
  direction.addEventListener("click", () => {
    across = !across;
    direction.setAttribute("aria-pressed", String(across));
    update(); view.fit(placed.width, placed.height);
  });
  colour.addEventListener("change", () => { overlay.kind = colour.value as OverlayKind; update(); });
  fold.addEventListener("click", () => {
    // Down to the outermost scope that holds more than one thing: folding into one box tells nothing.
    const keep = initial.filter((id) => scene.scopes[id]!.parent < 0);
    graph.open.clear();
    graph.apart.clear();
    for (const id of keep) graph.open.add(id);
    update(); view.fit(placed.width, placed.height);
  });
  fit.addEventListener("click", () => { view.fit(placed.width, placed.height); showCard(); });
  zoomIn.addEventListener("click", () => view.zoom(1.25));
  zoomOut.addEventListener("click", () => view.zoom(0.8));
  for (const b of [backward, direction, source]) b.setAttribute("aria-pressed", "false");

  const relabel = () => { label(); update(); };
  model.on("change:language", relabel);
  const stopTheme = followTheme(root);
  label();
  update();
  stage.style.height = `${Math.round(Math.min(Math.max(placed.height * 1.05, 320), 600))}px`;
  const sized = new ResizeObserver(() => {
    if (!stage.clientWidth) return;
    if (!fitted) view.begin(placed.width, placed.height);
    fitted = true;
    showCard();
  });
  sized.observe(stage);
  requestAnimationFrame(() => { root.dataset["paint"] = String(Math.round(performance.now() - began)); });
  return () => { model.off("change:language", relabel); model.off("msg:custom", take); sized.disconnect(); stopTheme(); view.stop(); };
}

export default { render };

// The gradient microscope: one edge of the backward pass at a time, with its numbers, its formula
// and a check by a small step; and why a gradient is zero or None.
import { draw } from "./graph-draw";
import "./graph.css";
import { type Box, place } from "./graph-layout";
import { GraphModel, type Item, type Scene } from "./graph-model";
import { READABLE, View } from "./graph-pan";
import "./microscope.css";
import { type Look, type Num, asNumber, block, indexText, shapeText, text } from "./microscope-parts";
import { words } from "./microscope-words";
import { type Model, announcer, followTheme, h, number, s, translator } from "./shared";

type Both = Record<"en" | "zh", string>;
interface Check { index: number[]; exact: Num; numeric: Num; ok: boolean; kink: boolean }
interface Start { kind: "start"; to: number; after: Look }
interface Edge {
  kind: "edge"; summed: boolean; op: number; slot: number; from: number; to: number; nth: number; of: number;
  formula: { value: Both; rule: Both; kind: "local" | "pull" | "words" | "doc"; input: string };
  upstream: Look; local: Look | null; product: Look; before: Look | null; after: Look; check: Check | null;
}
interface Op { name: string; inputs: number[]; outputs: number[]; node: number; source: { file: string; line: number; text: string } | null }
interface Answer { value: number; name: string; verdict: string; reason: string; text: Both; path: number[]; at: number | null; gradient: Look | null; check: Check | null }
interface Traced {
  title: string; mode: "reverse" | "forward"; graph: Scene; steps: (Start | Edge)[]; answers: Answer[]; ops: Op[];
  values: { name: string; kind: string; look: Look; node: number }[];
}
interface Reply { type: "element"; step: number; error?: boolean; shape?: number[]; index: number[]; check: Check | null; [name: string]: unknown }

let views = 0;
const MODES = ["reverse", "forward", "second"] as const;

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const arrow = `ms-m-arrow-${++views}`;
  let scene = model.get("scene") as Traced;
  let elements = new Map<string, SVGElement>();
  let boxes = new Map<string, Box>();
  let asked = 0; // the answer that is shown
  let reply: Reply | null = null;
  let path: number[] = [];

  const title = h("h3", { class: "ms-title" });
  const modes = MODES.map((mode) => h("button", {
    type: "button", class: "ms-toggle", "data-action": mode,
    onclick: () => { model.set("mode", mode); model.save_changes(); },
  }));
  const modeGroup = h("div", { role: "group", class: "ms-m-modes" }, ...modes);
  const slider = h("input", { type: "range", min: 0, step: 1, oninput: () => go(Number(slider.value)) });
  const button = (action: string, sign: string, by: () => number) =>
    h("button", { type: "button", "data-action": action, onclick: () => go(by()) }, sign);
  const first = button("first", "|◀", () => 0);
  const earlier = button("earlier", "◀", () => at() - 1);
  const later = button("later", "▶", () => at() + 1);
  const where = h("strong", { class: "ms-m-where" });
  const svg = s("svg", { tabindex: 0, role: "group", class: "ms-m-graph" },
    s("defs", {}, s("marker", { id: arrow, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
      s("path", { d: "M0 0.5L8 4L0 7.5Z", class: "ms-g-arrow" })))) as SVGSVGElement;
  const layer = s("g", {});
  svg.append(layer);
  const card = h("div", { class: "ms-m-card" });
  const leaf = h("select", { "data-action": "leaf", onchange: () => {
    asked = Number(leaf.value);
    model.set("leaf", scene.answers[asked]!.name); // a new view of the same goes on with it
    model.save_changes();
    answer(true);
  } });
  const [before, after] = [h("span", {}), h("span", {})];
  const said = h("div", { class: "ms-m-answer" });
  const why = h("div", { class: "ms-m-why" }, h("label", {}, before, " ", leaf, " ", after), said);
  const help = h("p", { class: "ms-dim ms-m-help" });
  const panes = h("div", { class: "ms-m-panes" }, h("div", { class: "ms-m-stage ms-g-stage" }, svg), card);
  const root = h("section", { class: "ms ms-graph ms-microscope" },
    h("div", { class: "ms-bar" }, title, h("span", { class: "ms-push" }), modeGroup),
    h("div", { class: "ms-bar ms-m-transport" }, first, earlier, slider, later, where),
    panes, why, help);
  const say = announcer(root);
  el.append(root);
  const view = new View(svg, layer, () => true);

  const language = (): "en" | "zh" => (model.get("language") === "zh" ? "zh" : "en");
  const at = () => Math.max(0, Math.min(scene.steps.length - 1, model.get("step") as number));
  const named = (value: number) => scene.values[value]!.name;
  function go(step: number): void {
    if (step < 0 || step >= scene.steps.length) return;
    model.set("step", step);
    model.save_changes();
  }

  // -- the graph ----------------------------------------------------------------------------------
  function graph(): void {
    const graphModel = new GraphModel(scene.graph, new Set());
    graphModel.showBackward = true;
    const visible = graphModel.visible();
    const texts = (item: Item): [string, string] => {
      const node = item.node!;
      return [node.op, node.kind === "op" ? node.name : shapeText(node.outputs[0]?.shape ?? [])];
    };
    const placed = place(graphModel, visible, false, texts);
    const made = draw(visible, placed, false, {
      texts, label: (item) => texts(item).join(", "), toggle: () => "", shade: () => null, isLoss: () => false, arrow,
    });
    elements = made.elements;
    for (const [key, element] of elements) {
      const node = Number(key.slice(1));
      element.setAttribute("role", "button");
      element.addEventListener("click", () => {
        if (view.moved) return;
        const op = scene.ops.findIndex((o) => o.node === node);
        const value = scene.values.findIndex((v) => v.node === node);
        const step = scene.steps.findIndex((st) => (st.kind === "edge" && op >= 0 ? st.op === op : st.to === value));
        if (step >= 0) go(step);
      });
    }
    layer.replaceChildren(made.root);
    boxes = placed.boxes;
    requestAnimationFrame(() => {
      view.fit(placed.width, placed.height);
      if (view.scale < READABLE) reveal(true);
    });
  }

  /** A graph too large to read as a whole is read where the step is. */
  function reveal(closer = false): void {
    const box = boxes.get(`n${scene.values[scene.steps[at()]!.to]!.node}`);
    if (box) view.reveal(box, closer);
  }

  function light(): void {
    const step = scene.steps[at()]!;
    const to = `n${scene.values[step.to]!.node}`;
    const from = step.kind === "edge" ? `n${scene.values[step.from]!.node}` : to;
    const [a, b] = scene.mode === "reverse" ? [to, from] : [from, to];
    for (const line of layer.querySelectorAll<SVGElement>(".ms-g-edge, .ms-g-tag")) {
      line.classList.toggle("ms-g-lit", line.dataset["from"] === a && line.dataset["to"] === b);
    }
    const done = new Set(scene.steps.slice(0, at() + 1).map((st) => `n${scene.values[st.to]!.node}`));
    const onPath = new Set(path.map((op) => `n${scene.ops[op]!.node}`));
    for (const [key, element] of elements) {
      element.classList.toggle("ms-m-to", key === to);
      element.classList.toggle("ms-m-from", key === from && from !== to);
      element.classList.toggle("ms-m-done", done.has(key));
      element.classList.toggle("ms-m-path", onPath.has(key));
    }
  }

  // -- the card -----------------------------------------------------------------------------------
  const checked = (check: Check): HTMLElement => h("div", { class: `ms-m-check ms-m-${check.ok ? "ok" : check.kink ? "kink" : "bad"}` },
    h("span", { class: "ms-dim" }, `${t("check", { index: indexText(check.index) })}: `),
    t(check.ok ? "ok" : check.kink ? "kink" : "differs", { numeric: text(check.numeric), exact: text(check.exact) }));

  function show(): void {
    const step = scene.steps[at()]!;
    const mode = scene.mode;
    const to = named(step.to);
    if (step.kind === "start") {
      card.replaceChildren(h("h4", {}, t(`start_${mode}`, { to })), block(t(`upstream_${mode}`), step.after, t, null),
        block(t("value", { name: to }), scene.values[step.to]!.look, t, null));
      return;
    }
    const op = scene.ops[step.op]!;
    const mark = reply && !reply.error ? reply.index : step.check?.index ?? null;
    const names = { op: op.name, from: named(step.from), to };
    const rule = step.formula.rule[language()], kind = step.formula.kind;
    const lines: (HTMLElement | null)[] = [
      h("h4", {}, t(`edge_${mode}`, names)),
      op.source?.text ? h("pre", { class: "ms-m-source", "aria-label": t("source") }, op.source.text) : null,
      h("div", { class: "ms-m-formula" },
        h("div", {}, kind === "doc" ? step.formula.value[language()] : `y = ${step.formula.value[language()]}`),
        rule ? h("div", {}, h("b", {}, kind === "local" ? `∂y/∂${step.formula.input} = ${rule}` : kind === "pull" ? `∂L/∂${step.formula.input} = ${rule}` : rule)) : null),
    ];
    const product = h("div", { class: "ms-m-product" }, block(t(`upstream_${mode}`), step.upstream, t, mark));
    if (step.local) product.append(h("span", { class: "ms-m-sign" }, "×"), block(t("local"), step.local, t, mark));
    product.append(h("span", { class: "ms-m-sign" }, step.local ? "=" : "→"), block(t(step.local ? "product" : "brings"), step.product, t, mark));
    lines.push(product);
    if (step.summed) lines.push(h("div", { class: "ms-dim" }, t("summed")));
    if (step.of > 1) {
      lines.push(h("div", { class: "ms-m-fork" }, t(mode === "reverse" ? "fork" : "meet", { to, nth: step.nth, of: step.of })));
      const sum = h("div", { class: "ms-m-product" });
      if (step.before) sum.append(block(t("before"), step.before, t, mark), h("span", { class: "ms-m-sign" }, "+"), block(t("brings"), step.product, t, mark), h("span", { class: "ms-m-sign" }, "="));
      sum.append(block(t("after"), step.after, t, mark));
      lines.push(sum);
    }
    const check = reply && !reply.error ? reply.check : step.check;
    lines.push(check ? checked(check) : h("div", { class: "ms-dim" }, t("nocheck")), chooser(step));
    if (reply?.error) lines.push(h("div", { class: "ms-note" }, t("element_bad", { shape: shapeText(reply.shape ?? []) })));
    else if (reply) {
      const parts = ["upstream", "local", "product", "before", "after"].filter((key) => reply![key] !== undefined)
        .map((key) => `${t(key === "upstream" ? `upstream_${mode}` : key)} ${text(reply![key] as Num)}`);
      lines.push(h("div", { class: "ms-m-chosen" }, `${indexText(reply.index)}: ${parts.join(" · ")}`));
    }
    lines.push(block(t("value", { name: to }), scene.values[step.to]!.look, t, mode === "reverse" ? mark : null));
    card.replaceChildren(...lines.filter((line): line is HTMLElement => line !== null));
  }

  function chooser(step: Edge): HTMLElement | null {
    if (!step.product.shape.length) return null;
    const index = (reply && !reply.error ? reply.index : step.check?.index ?? step.product.shape.map(() => 0)).join(", ");
    const input = h("input", { type: "text", value: index, size: 12, title: t("element_help"), "data-action": "element" });
    const ask = () => model.send({ type: "element", step: at(), index: input.value.split(",").map((x) => parseInt(x, 10)) });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") ask();
      event.stopPropagation();
    });
    return h("div", { class: "ms-m-choose" }, h("label", {}, `${t("element")} `, input), h("button", { type: "button", onclick: ask }, t("show")));
  }

  // -- why ----------------------------------------------------------------------------------------
  function answer(aloud: boolean): void {
    const one = scene.answers[asked];
    why.hidden = !one;
    if (!one) return;
    path = one.path;
    const words_ = one.text[language()];
    const chain: (HTMLElement | string)[] = [h("b", {}, one.name)];
    for (const op of one.path) {
      const o = scene.ops[op]!;
      chain.push(" → ", h("button", {
        type: "button", class: op === one.at ? "ms-m-culprit" : null,
        onclick: () => { const k = scene.steps.findIndex((st) => st.kind === "edge" && st.op === op); if (k >= 0) go(k); },
      }, `${o.name} ${named(o.outputs[0]!)}`));
    }
    const whole = one.check;
    said.replaceChildren(
      h("div", { class: one.verdict === "flows" ? "ms-m-flows" : "ms-note", "data-verdict": one.verdict }, words_),
      one.path.length ? h("div", { class: "ms-m-chain" }, `${t("path")}: `, ...chain) : h("div", {}),
      one.gradient ? block(one.name, one.gradient, t, whole?.index ?? null) : h("div", { class: "ms-dim" }, t("nothing")),
      whole ? h("div", { class: "ms-m-check" }, t("wholecheck", {
        index: indexText(whole.index), numeric: text(whole.numeric), exact: text(whole.exact), mark: whole.ok ? "✓" : whole.kink ? "∧" : "✗",
      })) : h("div", {}));
    light();
    if (aloud) say(`${one.name}: ${words_}`);
  }

  /** What was asked before, or what is worth asking: a gradient that does not arrive. */
  function question(): number {
    const before = scene.answers.findIndex((a) => a.name === model.get("leaf"));
    const missing = scene.answers.findIndex((a) => !["flows", "frozen", "integer"].includes(a.reason));
    return Math.max(before < 0 ? missing : before, 0);
  }

  // -- all together -------------------------------------------------------------------------------
  function label(): void {
    root.lang = language() === "zh" ? "zh-CN" : "en";
    title.textContent = t("title", { name: scene.title });
    root.setAttribute("aria-label", title.textContent);
    modeGroup.setAttribute("aria-label", t("mode"));
    modes.forEach((b, k) => { b.textContent = t(MODES[k]!); });
    slider.setAttribute("aria-label", t("slider"));
    svg.setAttribute("aria-label", t("app"));
    for (const [b, key] of [[first, "first"], [earlier, "earlier"], [later, "later"]] as const) { b.setAttribute("aria-label", t(key)); b.title = t(key); }
    before.textContent = t("why");
    after.textContent = t("why_end");
    help.textContent = t("help");
    const sign = { none: "∅", zero: "0", bad: "NaN", tiny: "≈ 0", partly: "0…", flows: "∂" } as Record<string, string>;
    leaf.replaceChildren(...scene.answers.map((a, k) => h("option", { value: k }, `${a.name} (${sign[a.verdict]})`)));
    leaf.value = String(asked);
  }

  function moved(aloud = true): void {
    const k = at(), n = scene.steps.length;
    reply = null;
    slider.max = String(n - 1);
    slider.value = String(k);
    first.disabled = earlier.disabled = k === 0;
    later.disabled = k === n - 1;
    where.textContent = t("at", { k: k + 1, n });
    modes.forEach((b, i) => b.setAttribute("aria-pressed", String(model.get("mode") === MODES[i])));
    show();
    light();
    reveal();
    const step = scene.steps[k]!;
    const spoken = step.kind === "start" ? t(`start_${scene.mode}`, { to: named(step.to) })
      : `${t(`edge_${scene.mode}`, { op: scene.ops[step.op]!.name, from: named(step.from), to: named(step.to) })}. ${step.formula.rule[language()]}. ${t(step.local ? "product" : "brings")}: ${(step.product.data ?? [step.product.pick![1]]).slice(0, 6).map((v) => number(asNumber(v))).join(", ")}`;
    slider.setAttribute("aria-valuetext", `${where.textContent}: ${spoken}`);
    if (aloud) say(`${where.textContent}. ${spoken}`);
  }

  root.addEventListener("keydown", (event) => {
    const tag = (event.target as Element).tagName;
    if (tag === "SELECT" || tag === "INPUT") return;
    const next: Record<string, number> = { ArrowLeft: at() - 1, ArrowRight: at() + 1, Home: 0, End: scene.steps.length - 1 };
    if (!(event.key in next)) return;
    event.preventDefault();
    event.stopPropagation();
    go(next[event.key]!);
  });

  const renewed = () => { path = []; scene = model.get("scene") as Traced; asked = question(); graph(); relabel(); };
  const relabel = () => { label(); moved(false); answer(false); };
  const stepped = () => moved();
  const take = (message: Reply) => {
    if (message?.type !== "element" || message.step !== at()) return;
    reply = message;
    show();
    card.querySelector<HTMLElement>("[data-action=element]")?.focus();
  };
  model.on("change:step", stepped);
  model.on("change:scene", renewed);
  model.on("change:language", relabel);
  model.on("msg:custom", take);
  const stop = followTheme(root);
  graph();
  asked = question();
  relabel();
  return () => {
    stop(); view.stop();
    model.off("change:step", stepped); model.off("change:scene", renewed);
    model.off("change:language", relabel); model.off("msg:custom", take);
  };
}

export default { render };

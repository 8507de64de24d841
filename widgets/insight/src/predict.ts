// Takes one prediction: typed, chosen or drawn; Python seals it and says what became of it.
import "./quiz.css";
import { rich } from "./quiz";
import { type Model, type Words, announcer, followTheme, h, s, translator } from "./shared";

type Pair = { en: string; zh: string };
interface Task {
  id: string; kind: string; text: Pair; options: (Pair & { key: string })[];
  x: [number, number]; y: [number, number]; xLabel: Pair; yLabel: Pair; again: boolean;
}
interface Sealed {
  guess?: unknown; shown?: string; at?: string; seen?: boolean; problem?: string;
  right?: boolean; output?: string; gap?: string;
}

const words: Words = {
  predict: { en: "Predict: ", zh: "先预测：" },
  again: { en: "Once more: ", zh: "再问一遍：" },
  seal: { en: "Seal", zh: "封存" },
  judge: { en: "Check", zh: "检查" },
  clear: { en: "Clear", zh: "清除" },
  shape: { en: "a shape, such as (32, 10)", zh: "形状，例如 (32, 10)" },
  number: { en: "a number", zh: "一个数" },
  text: { en: "a word", zh: "一个词" },
  curve: { en: "draw above, or type heights: 2.3, 1, 0.5", zh: "在上面画，或写出高度：2.3, 1, 0.5" },
  sealed: { en: "Sealed at {at}: {shown}. Now run on.", zh: "已于 {at} 封存：{shown}。接着往下运行。" },
  drawn: { en: "your curve", zh: "你画的曲线" },
  seen: { en: "You predicted {shown}, and have seen the output.", zh: "你预测的是 {shown}，结果已经看过了。" },
  right: { en: "Right this time: {output}.", zh: "这回对了：{output}。" },
  wrong: { en: "Not yet: it was {output}.", zh: "还不对，当时的结果是 {output}。" },
};
const W = 420, H = 200, LEFT = 48, TOP = 12, RIGHT = 12, BOTTOM = 34, POINTS = 21;

/** A pad to draw on: one height for each of POINTS places; null where nothing was drawn. */
function pad(task: Task, label: (pair: Pair) => string, changed: (heights: number[] | null) => void) {
  const heights: (number | null)[] = Array(POINTS).fill(null);
  const line = s("polyline", { fill: "none", stroke: "var(--ms-c1)", "stroke-width": 2 });
  const dim = { fill: "var(--ms-dim)", "font-size": 12 };
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, "aria-hidden": "true" },
    s("path", { d: `M${LEFT} ${TOP}V${H - BOTTOM}H${W - RIGHT}`, fill: "none", stroke: "var(--ms-dim)" }),
    s("text", { x: LEFT, y: H - BOTTOM + 14, ...dim }, String(task.x[0])),
    s("text", { x: W - RIGHT, y: H - BOTTOM + 14, "text-anchor": "end", ...dim }, String(task.x[1])),
    s("text", { x: LEFT - 6, y: H - BOTTOM, "text-anchor": "end", ...dim }, String(task.y[0])),
    s("text", { x: LEFT - 6, y: TOP + 9, "text-anchor": "end", ...dim }, String(task.y[1])),
    s("text", { x: (LEFT + W) / 2, y: H - 4, "text-anchor": "middle", ...dim },
      `${label(task.xLabel)} → ${label(task.yLabel)}`),
    line) as SVGSVGElement;
  const drawLine = () => {
    const drawn = heights.flatMap((height, k) => (height === null ? [] : [[k, height] as const]));
    line.setAttribute("points", drawn.map(([k, height]) => {
      const share = (height - task.y[0]) / (task.y[1] - task.y[0]);
      return `${LEFT + (k / (POINTS - 1)) * (W - LEFT - RIGHT)},${H - BOTTOM - share * (H - BOTTOM - TOP)}`;
    }).join(" "));
    if (drawn.length < 2) return changed(null);
    changed(heights.map((height, k) => {
      if (height !== null) return height;
      const before = [...drawn].reverse().find(([j]) => j < k), after = drawn.find(([j]) => j > k);
      if (!before || !after) return (before ?? after)![1];
      return before[1] + ((after[1] - before[1]) * (k - before[0])) / (after[0] - before[0]);
    }));
  };
  let last: number | null = null;
  const at = (event: PointerEvent) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) * W) / box.width, y = ((event.clientY - box.top) * H) / box.height;
    const k = Math.round(((x - LEFT) / (W - LEFT - RIGHT)) * (POINTS - 1));
    if (k < 0 || k >= POINTS) return;
    const share = Math.min(Math.max((H - BOTTOM - y) / (H - BOTTOM - TOP), 0), 1);
    const height = task.y[0] + share * (task.y[1] - task.y[0]);
    const from = last ?? k, start = heights[from] ?? height;
    for (let j = Math.min(from, k); j <= Math.max(from, k); j++) { // a fast hand skips places
      heights[j] = from === k ? height : start + ((height - start) * (j - from)) / (k - from);
    }
    last = k;
    drawLine();
  };
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); last = null; at(event); });
  svg.addEventListener("pointermove", (event) => { if (event.buttons) at(event); });
  return { svg, clear: () => { heights.fill(null); drawLine(); } };
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const inLanguage = (pair: Pair): string => pair[model.get("language") === "zh" ? "zh" : "en"];
  const root = h("section", { class: "ms ms-predict" });
  el.append(root);
  const verdict = h("div", { class: "ms-verdict", role: "status" });
  let say: (text: string) => void = () => {};

  const drawVerdict = () => {
    const state: Sealed = model.get("sealed") ?? {};
    delete verdict.dataset["right"];
    let text = "";
    const shown = Array.isArray(state.guess) && model.get("task").kind === "curve" ? t("drawn") : state.shown ?? "";
    if (state.problem) text = state.problem;
    else if (state.right !== undefined) {
      verdict.dataset["right"] = String(state.right);
      text = t(state.right ? "right" : "wrong", { output: state.output ?? "" });
    } else if (state.seen) text = t("seen", { shown });
    else if (state.at) text = t("sealed", { at: state.at.slice(11, 19), shown });
    verdict.replaceChildren(...rich(text));
    if (text) say(text);
  };

  const draw = () => {
    const task: Task = model.get("task");
    const name = `${task.id}-${Math.random().toString(36).slice(2)}`;
    const label = t(task.kind in words ? task.kind : "text");
    const field = h("input", { type: "text", "aria-label": label, placeholder: label, autocomplete: "off", spellcheck: "false" });
    const radios = task.options.map((option) => h("input", { type: "radio", name, value: option.key }));
    let drawn: number[] | null = null;
    const board = task.kind === "curve" ? pad(task, inLanguage, (heights) => { drawn = heights; }) : null;
    const submit = () => {
      const guess = radios.length ? radios.find((radio) => radio.checked)?.value : field.value.trim() || drawn;
      if (guess) model.send({ type: "seal", guess });
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") submit();
    });
    root.replaceChildren(h("fieldset", { "data-prediction": task.id },
      h("legend", {}, t(task.again ? "again" : "predict"), ...rich(inLanguage(task.text))),
      ...radios.map((radio, k) => h("label", {}, radio, h("span", {}, ...rich(inLanguage(task.options[k]!))))),
      board?.svg,
      h("div", { class: "ms-row" }, radios.length ? null : field,
        h("button", { type: "button", "data-action": "seal", onclick: submit }, t(task.again ? "judge" : "seal")),
        board ? h("button", { type: "button", onclick: () => board.clear() }, t("clear")) : null),
      verdict));
    say = announcer(root);
    drawVerdict();
  };
  model.on("change:sealed", drawVerdict);
  model.on("change:language", draw);
  draw();
  const stop = followTheme(root);
  return () => {
    stop();
    model.off("change:sealed", drawVerdict);
    model.off("change:language", draw);
  };
}

export default { render };

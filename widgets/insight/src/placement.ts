// Which device runs what: a lane for each device, the segments one below the other, what crosses,
// the times, and the lines of code that a segment comes from.
import { Rows } from "./compile-rows";
import "./placement.css";
import { type Model, type Words, announcer, followTheme, h, onceAFrame, s, translator } from "./shared";

interface Device {
  name: string; why: string; launch_seconds: number | null; operation_seconds: number | null;
  flops_per_second: number | null; bytes_per_second: number | null;
}
interface Group { cell: string; backward: boolean; ops: [string, number][]; lines: [number, number][] }
interface Segment { device: number; groups: Group[]; nodes: number; predicted: number | null; measured: number }
interface Transfer { from: number; to: number; values: number; bytes: number }
interface Scene {
  title: string; target: string; precision: string; devices: Device[]; segments: Segment[]; transfers: Transfer[];
  source: { file: string; function: string; lines: [number, string][] }[];
}

const words: Words = {
  title: { en: "Where {name} runs", zh: "{name} 在哪里运行" },
  head: { en: "target {target}, computes in {precision}", zh: "目标设备 {target}，计算精度 {precision}" },
  crossing: { en: "{values} values, {size} cross between devices at each run", zh: "每次运行，设备之间要搬运 {values} 个值，共 {size}" },
  staying: { en: "nothing crosses between devices", zh: "设备之间不用搬运数据" },
  segment: { en: "{k}: {n} operations", zh: "{k}：{n} 个操作" },
  segment1: { en: "{k}: 1 operation", zh: "{k}：1 个操作" },
  times: { en: "predicted {predicted}, measured {measured}", zh: "预测 {predicted}，实测 {measured}" },
  measured: { en: "measured {measured}, no prediction", zh: "实测 {measured}，不作预测" },
  memory: { en: "the host's memory", zh: "主机内存" }, part: { en: "segment {k}", zh: "第 {k} 段" },
  in: { en: "↘ {n} values, {size} from {where}", zh: "↘ {n} 个值，{size}，来自{where}" },
  out: { en: "↗ {n} values, {size} to {where}", zh: "↗ {n} 个值，{size}，送往{where}" },
  more: { en: "+ {n} more", zh: "还有 {n} 组" },
  facts: {
    en: "a start {launch}, a small operation {operation}, {flops} GFLOP/s, {bytes} GB/s",
    zh: "启动 {launch}，一个小操作 {operation}，{flops} GFLOP/s，{bytes} GB/s",
  },
  emulator: {
    en: "No prediction for {device}: an emulator's time says nothing about the chip's.",
    zh: "对 {device} 不作预测：模拟器的用时说明不了芯片的用时。",
  },
  control: {
    en: "No prediction for {device}: only the run knows how often a loop goes round.",
    zh: "对 {device} 不作预测：循环几次、走哪个分支，运行时才知道。",
  },
  refused: {
    en: "No prediction for {device}: it takes no small graphs to measure it by.",
    zh: "对 {device} 不作预测：它不接受用来测速的小计算图。",
  },
  device: { en: "device", zh: "设备" }, operations: { en: "ops", zh: "操作数" },
  predicted: { en: "predicted", zh: "预测" }, actual: { en: "measured", zh: "实测" },
  received: { en: "in", zh: "传入" }, sent: { en: "out", zh: "传出" }, total: { en: "together", zh: "合计" },
  source: { en: "Source", zh: "源代码" },
  help: {
    en: "Choose a segment to see its lines, or a line to see where it runs. Dashed: backward pass. Pale bar: predicted.",
    zh: "点选一段，看它来自哪几行代码；点选一行代码，看它在哪里运行。虚线：反向传播；浅色条：预测。",
  },
  chosen: { en: "{name}, {device}, {times}", zh: "{name}，{device}，{times}" },
};

const FEW = 9; // groups of a segment that is not chosen

const scaled = (value: number, units: [number, string][]): string => {
  const [unit, name] = units.find(([u]) => value >= u) ?? units.at(-1)!;
  return `${Number((value / unit).toPrecision(3))} ${name}`;
};
const seconds = (value: number): string => scaled(value, [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]]);
const size = (count: number): string => scaled(count, [[1e9, "GB"], [1e6, "MB"], [1e3, "KB"], [1, "B"]]);

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const translated = translator(words, model);
  const t = (key: string, values: Record<string, string | number> = {}): string => {
    const text = translated(key, values); // 1 value, 12 values
    return values["n"] === 1 || values["values"] === 1 ? text.replace("1 values", "1 value") : text;
  };
  const scene = model.get("scene") as Scene;
  const { devices, segments, transfers } = scene;
  const longest = Math.max(1e-9, ...segments.flatMap(({ predicted, measured }) => [predicted ?? 0, measured]));
  let chosen = new Set<number>();

  const title = h("h3", { class: "ms-title" }), head = h("p", { class: "ms-dim ms-p-head" });
  const lane = "minmax(170px, 1fr)"; // lines in the last lane pass on its right
  const beside = transfers.some(({ from, to }) => from >= 0 && to >= 0 && [from, to].every((k) => segments[k]!.device === devices.length - 1));
  const lanes = h("div", { class: "ms-p-lanes", style: `grid-template-columns: ${devices.map(() => lane).join(" 72px ")} ${beside ? "60px" : ""}` });
  const arrows = s("svg", { class: "ms-p-arrows", "aria-hidden": "true" });
  const map = h("div", { class: "ms-p-map" }, lanes), table = h("table", { class: "ms-p-table" });
  const notes = h("div"), sourceHead = h("div", { class: "ms-c-head" }), help = h("p", { class: "ms-dim ms-p-help" });
  const lines = new Map<string, number[]>(); // segments, by block and line
  segments.forEach(({ groups }, k) => {
    for (const place of new Set(groups.flatMap((g) => g.lines.map(String)))) (lines.get(place) ?? lines.set(place, []).get(place)!).push(k);
  });
  const source = new Rows(scene.source.flatMap((block, b) => [
    { label: "", text: `${block.file} · ${block.function}`, operations: [], head: true },
    ...block.lines.map(([n, text]) => ({ label: String(n), text, operations: lines.get(`${b},${n}`) ?? [] })),
  ]), (found) => choose(found, true));
  const code = h("div", { class: "ms-c-pane" }, source.element);
  const root = h("section", { class: "ms ms-compile ms-place" }, title, head,
    h("div", { class: "ms-p-panes" }, map, h("div", { class: "ms-p-side" }, h("div", { class: "ms-p-scroll" }, table), notes, sourceHead, code)), help);
  const say = announcer(root);
  el.append(root);

  const name = (k: number): string => t(segments[k]!.nodes === 1 ? "segment1" : "segment", { k: k + 1, n: segments[k]!.nodes });
  const times = ({ predicted, measured }: Segment): string => (predicted === null
    ? t("measured", { measured: seconds(measured) }) : t("times", { predicted: seconds(predicted), measured: seconds(measured) }));
  const place = (k: number): string => (k < 0 ? t("memory") : t("part", { k: k + 1 }));

  let boxes: HTMLElement[] = [], rows: HTMLElement[] = [];

  function box(segment: Segment, k: number): HTMLElement {
    const chips = segment.groups.map(({ cell, backward, ops }) => {
      const list = ops.map(([op, n]) => (n > 1 ? `${op}×${n}` : op)).join(", ");
      return h("span", { class: `ms-p-chip${backward ? " ms-p-backward" : ""}` }, cell ? `${cell}: ${list}` : list);
    });
    const rest = chips.length - FEW;
    if (rest > 1) chips.splice(FEW, 0, h("span", { class: "ms-p-rest ms-dim" }, t("more", { n: rest })));
    const moved = (kind: "in" | "out") => transfers.filter((x) => (kind === "in" ? x.to : x.from) === k && (kind === "in" || x.to < 0))
      .map((x) => h("div", { class: "ms-p-moved" }, t(kind, { n: x.values, size: size(x.bytes), where: place(kind === "in" ? x.from : x.to) })));
    const bar = (value: number | null, kind: string) => (value === null ? null
      : h("div", { class: `ms-p-bar ms-p-${kind}`, style: `width: ${Math.max(value / longest * 100, 0.5)}%` }));
    return h("div", {
      class: `ms-p-box${rest > 1 ? " ms-p-many" : ""}`, role: "button", tabindex: k ? -1 : 0, "data-segment": k, "aria-pressed": "false",
      style: `--c: var(--ms-c${segment.device % 6}); grid-column: ${2 * segment.device + 1}; grid-row: ${k + 2}`,
    },
    h("strong", {}, name(k)), ...moved("in"), h("div", { class: "ms-p-chips" }, ...chips), ...moved("out"),
    h("div", { class: "ms-dim ms-p-times" }, times(segment)), bar(segment.predicted, "predicted"), bar(segment.measured, "measured"));
  }

  function build(): void {
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    title.textContent = t("title", { name: scene.title });
    const crossing = transfers.filter(({ from, to }) => from >= 0 && to >= 0);
    const sum = (of: Transfer[], what: "values" | "bytes") => of.reduce((all, x) => all + x[what], 0);
    head.textContent = `${t("head", { target: scene.target, precision: scene.precision })} · `
      + (crossing.length ? t("crossing", { values: sum(crossing, "values"), size: size(sum(crossing, "bytes")) }) : t("staying"));
    boxes = segments.map(box);
    lanes.replaceChildren(arrows, ...devices.map((d, k) => h("div", {
      class: "ms-p-device", style: `--c: var(--ms-c${k % 6}); grid-column: ${2 * k + 1}; grid-row: 1`,
    }, h("strong", {}, d.name), d.launch_seconds === null ? null : h("div", { class: "ms-dim" }, t("facts", {
      launch: seconds(d.launch_seconds), operation: seconds(d.operation_seconds!),
      flops: Number((d.flops_per_second! / 1e9).toPrecision(2)), bytes: Number((d.bytes_per_second! / 1e9).toPrecision(2)),
    })))), ...boxes);
    const cell = (text: string) => h("td", {}, text);
    const moved = (k: number, end: "from" | "to") => {
      const bytes = sum(transfers.filter((x) => x[end] === k), "bytes");
      return bytes ? size(bytes) : "–";
    };
    rows = segments.map((one, k) => h("tr", { "data-segment": k }, cell(String(k + 1)),
      h("td", { style: `color: var(--ms-c${one.device % 6})` }, devices[one.device]!.name), cell(String(one.nodes)),
      cell(one.predicted === null ? "–" : seconds(one.predicted)), cell(seconds(one.measured)), cell(moved(k, "to")), cell(moved(k, "from"))));
    const all = segments.every((one) => one.predicted !== null);
    const total = (of: (one: Segment) => number) => segments.reduce((found, one) => found + of(one), 0);
    table.replaceChildren(
      h("thead", {}, h("tr", {}, ...["", "device", "operations", "predicted", "actual", "received", "sent"].map((key) => h("th", { scope: "col" }, key && t(key))))),
      h("tbody", {}, ...rows),
      segments.length < 2 ? "" : h("tfoot", {}, h("tr", {}, cell(""), cell(t("total")), cell(String(total((x) => x.nodes))),
        cell(all ? seconds(total((x) => x.predicted!)) : "–"), cell(seconds(total((x) => x.measured))), cell(""), cell(""))));
    notes.replaceChildren(...devices.filter((d) => d.why).map((d) => h("p", { class: "ms-note" }, t(d.why, { device: d.name }))));
    sourceHead.textContent = t("source");
    help.textContent = t("help");
    map.setAttribute("aria-label", title.textContent);
    mark();
  }

  function mark(): void {
    boxes.forEach((element, k) => {
      element.classList.toggle("ms-p-on", chosen.has(k));
      element.setAttribute("aria-pressed", String(chosen.has(k)));
      rows[k]!.classList.toggle("ms-p-on", chosen.has(k));
    });
    draw(); // what is chosen may have grown
  }

  /** Show segments everywhere; `scroll` brings the first one into sight in the picture, too. */
  function choose(found: number[], scroll: boolean): void {
    chosen = new Set(found);
    mark();
    const into = (pane: HTMLElement, element: HTMLElement | undefined) => {
      if (element) pane.scrollTop += element.getBoundingClientRect().top - pane.getBoundingClientRect().top - 40;
    };
    const first = found[0];
    if (!scroll) into(code, source.mark(found)[0]);
    else source.mark(found);
    if (first === undefined) return;
    if (scroll) into(map, boxes[first]);
    into(table.parentElement!, rows[first]);
    say(t("chosen", { name: name(first), device: devices[segments[first]!.device]!.name, times: times(segments[first]!) }));
  }

  /** Lines from box to box, down the gap beside the lanes. */
  function draw(): void {
    arrows.setAttribute("width", "0"); // what it was must not keep the lanes wide
    arrows.setAttribute("height", "0");
    arrows.setAttribute("width", String(lanes.scrollWidth));
    arrows.setAttribute("height", String(lanes.scrollHeight));
    const taken: [number, number][] = [];
    const found: SVGElement[] = [], labels: SVGElement[] = [];
    transfers.filter(({ from, to }) => from >= 0 && to >= 0).forEach(({ from, to, bytes }, k) => {
      const a = boxes[from]!, b = boxes[to]!;
      const right = a.offsetLeft + a.offsetWidth, same = a.offsetLeft === b.offsetLeft;
      const forward = same || a.offsetLeft < b.offsetLeft;
      const x1 = forward ? right : a.offsetLeft, x2 = same ? right : forward ? b.offsetLeft : b.offsetLeft + b.offsetWidth;
      const x = (forward ? right + 14 : a.offsetLeft - 14) + (forward ? 1 : -1) * 8 * (k % 5);
      const y1 = a.offsetTop + a.offsetHeight - 14, y2 = b.offsetTop + 12;
      const into = x2 > x ? 1 : -1, out = x > x1 ? 1 : -1;
      const lit = chosen.has(from) || chosen.has(to) ? " ms-p-on" : Math.abs(to - from) > 1 ? " ms-p-far" : "";
      found.push(s("path", {
        class: `ms-p-arrow${lit}`,
        d: `M${x1} ${y1}H${x - 5 * out}Q${x} ${y1} ${x} ${y1 + 5}V${y2 - 5}Q${x} ${y2} ${x + 5 * into} ${y2}H${x2}m${-6 * into} -4l${6 * into} 4l${-6 * into} 4`,
      }));
      const y = (y1 + y2) / 2 + 4;
      if (lit !== " ms-p-on" && taken.some(([tx, ty]) => Math.abs(ty - y) < 15 && Math.abs(tx - x) < 60)) return;
      taken.push([x, y]);
      labels.push(s("text", { class: `ms-p-bytes${lit}`, x, y }, size(bytes)));
    });
    arrows.replaceChildren(...found, ...labels);
  }

  const pick = (event: Event): number => Number((event.target as Element).closest("[data-segment]")?.getAttribute("data-segment") ?? -1);
  const clicked = (event: Event) => {
    const k = pick(event);
    if (k >= 0) { choose([k], event.currentTarget === table); stop(k); }
  };
  /** One stop of the Tab key: the segment that was chosen last. */
  function stop(k: number): void { boxes.forEach((element, n) => { element.tabIndex = n === k ? 0 : -1; }); }
  lanes.addEventListener("click", clicked);
  table.addEventListener("click", clicked);
  lanes.addEventListener("keydown", (event) => {
    const k = pick(event), step = { ArrowDown: 1, ArrowUp: -1, Enter: 0, " ": 0 }[event.key];
    if (k < 0 || step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(segments.length - 1, k + step));
    stop(next);
    boxes[next]!.focus();
    choose([next], false);
  });

  const observer = new ResizeObserver(onceAFrame(draw));
  observer.observe(lanes);
  model.on("change:language", build);
  const end = followTheme(root);
  build();
  return () => { end(); observer.disconnect(); model.off("change:language", build); };
}

export default { render };

// Units that are dead or saturated, layer by layer, and the inputs that drive the chosen one.
import { type Histories, type Series, seriesOf } from "./parameters-ridge";
import { Time } from "./parameters-time";
import { words } from "./parameters-words";
import { type Model, announcer, float32, followTheme, h, integer, number, s, translator } from "./shared";

interface Row {
  name: string; op: string; shape: number[]; units: number; fails: "dead" | "saturated";
  failed: number; share: number; before: number | null;
}
interface Shown {
  index: number; label: string; text: string; size: number[] | null; input: number; output: number;
}
interface Answer { type: "unit"; number: number; unit: number; samples: Shown[] }

const WIDE = 900;

/** Grey or coloured bytes as a picture of their own size. */
function thumbnail(size: number[], bytes: DataView, said: string): HTMLElement {
  const [high, wide, channels] = [size[0]!, size[1]!, size[2] ?? 1];
  const canvas = h("canvas", { role: "img", "aria-label": said });
  [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(wide, high);
  for (let k = 0; k < wide * high; k++) {
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = bytes.getUint8(channels === 1 ? k : channels * k + c);
    image.data[4 * k + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** What is chosen, layer and unit, for a view that is drawn anew. */
const states = new Map<string, [number, number]>();

export function renderUnits({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  let [chosen, unit] = states.get(model.get("key")) ?? [0, -1];
  let answer: Answer | null = null;
  let pictures: DataView[] = [];
  let series: Series | null = null;

  const title = h("h3", { class: "ms-title" });
  const total = h("span", { class: "ms-dim" });
  const rows = h("div", { class: "ms-scroll" });
  const heading = h("h4", {});
  const next = h("button", { type: "button", "data-action": "next", onclick: () => findNext() });
  const help = h("div", { class: "ms-dim", id: `ms-h${Math.random().toString(36).slice(2)}` });
  const map = s("svg", { class: "ms-u-map", tabindex: 0, role: "application", "aria-describedby": help.id });
  const said = h("div", { class: "ms-said" });
  const because = h("div", { class: "ms-u-because" });
  const root = h("section", { class: "ms ms-params ms-units" }, h("div", { class: "ms-bar" }, title, total), rows);
  const say = announcer(root);
  const time = new Time(t, say);
  root.append(h("div", { class: "ms-u-all" }, h("div", { class: "ms-pick" }, heading, next), map, said, help),
    h("div", { class: "ms-detail" }, because, time.root));
  el.append(root);

  const table = (): Row[] => model.get("table")?.rows ?? [];
  const shares = (): Float32Array => {
    const before = table().slice(0, chosen).reduce((sum, row) => sum + row.units, 0);
    const bytes = model.get("shares") as DataView;
    return float32(bytes).subarray(before, before + (table()[chosen]?.units ?? 0));
  };
  const layout = (count: number): { side: number; across: number } => {
    const side = Math.min(Math.max(Math.floor(Math.sqrt((WIDE * 170) / count)), 8), 28);
    return { side, across: Math.min(Math.floor(WIDE / side), count) };
  };
  const told = (k: number, share: number): string => {
    const key = share > 0 ? "unitSaid" : table()[chosen]!.fails === "dead" ? "unitDead" : "unitSaturated";
    const percent = 100 * share;
    return t(key, { unit: k, share: percent > 0 && percent < 0.1 ? "< 0.1" : number(percent, 3) });
  };

  const ask = () => {
    states.set(model.get("key"), [chosen, unit]);
    model.send({ type: "history", number: chosen });
    if (unit >= 0) model.send({ type: "unit", number: chosen, unit });
  };
  const choose = (k: number, focus = false) => {
    chosen = Math.min(Math.max(k, 0), table().length - 1);
    unit = -1;
    answer = null;
    series = null;
    time.step = null;
    ask();
    draw();
    if (focus) rows.querySelectorAll<HTMLElement>("tbody button")[chosen]?.focus();
  };
  const pick = (k: number, aloud = false) => {
    const all = shares();
    unit = Math.min(Math.max(k, 0), all.length - 1);
    answer = null;
    states.set(model.get("key"), [chosen, unit]);
    model.send({ type: "unit", number: chosen, unit });
    drawMap();
    drawBecause();
    if (aloud) say(told(unit, all[unit]!));
  };
  const findNext = () => {
    const all = shares();
    for (let k = 1; k <= all.length; k++) {
      const at = (unit + k + all.length) % all.length;
      if (all[at] === 0) { pick(at, true); return; }
    }
    say(t("none"));
  };

  const drawTable = () => {
    const list = table();
    total.textContent = t("watched", {
      samples: integer(model.get("table")?.samples ?? 0), layers: list.length,
      units: integer(list.reduce((sum, row) => sum + row.units, 0)),
    });
    const heads = ["layer", "function", "unitCount", "dead", "saturated", "live"];
    const helps: Record<string, string> = { dead: t("deadHelp"), saturated: t("saturatedHelp"), live: t("liveHelp") };
    rows.replaceChildren(h("table", { class: "ms-rows" },
      h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col", title: helps[key] ?? null }, t(key))))),
      h("tbody", {}, ...list.map((row, k) => {
        const fill = h("b", {});
        fill.style.width = `${100 * row.share}%`;
        const failed = integer(row.failed) + (row.before === null ? "" : ` ${t("before", { count: integer(row.before) })}`);
        return h("tr", { "aria-selected": String(k === chosen), onclick: () => choose(k, true) },
          h("th", { scope: "row" }, h("button", { type: "button", title: row.name, "aria-pressed": String(k === chosen) }, row.name)),
          h("td", {}, row.op), h("td", {}, integer(row.units)),
          ...["dead", "saturated"].map((kind) => h("td", { class: row.failed && row.fails === kind ? "ms-p-bad" : null }, row.fails === kind ? failed : "–")),
          h("td", {}, h("span", { class: "ms-norm" }, h("i", { "aria-hidden": "true" }, fill), h("span", {}, `${number(100 * row.share, 3)} %`))));
      }))));
  };

  const drawMap = () => {
    const all = shares();
    const row = table()[chosen]!;
    const { side, across } = layout(all.length);
    const cell = side - 1;
    let live = "";
    let frames = "";
    let crosses = "";
    all.forEach((share, k) => {
      const [x, y] = [(k % across) * side, Math.floor(k / across) * side];
      frames += `M${x} ${y}h${cell}v${cell}h${-cell}z`;
      if (share > 0) live += `M${x} ${y + cell}v${(-cell * share).toFixed(1)}h${cell}V${y + cell}z`;
      else if (row.fails === "dead") crosses += `M${x + 2} ${y + 2}L${x + cell - 2} ${y + cell - 2}M${x + cell - 2} ${y + 2}L${x + 2} ${y + cell - 2}`;
      else crosses += `M${x + 2} ${y + 2}h${cell - 4}v${cell - 4}h${4 - cell}z`;
    });
    map.setAttribute("viewBox", `-1 -1 ${across * side + 1} ${Math.ceil(all.length / across) * side + 1}`);
    (map as unknown as HTMLElement).style.maxWidth = `${across * side}px`;
    map.replaceChildren(
      s("path", { d: frames, class: "ms-u-frame" }), s("path", { d: live, class: "ms-u-live" }),
      s("path", { d: crosses, class: `ms-u-${row.fails}` }));
    if (unit >= 0) {
      map.append(s("rect", {
        class: "ms-u-at", "data-unit": unit, x: (unit % across) * side - 1, y: Math.floor(unit / across) * side - 1, width: side + 1, height: side + 1,
      }));
    }
    heading.textContent = t("map", { name: `${row.name} · ${row.op}` });
    map.setAttribute("aria-label", heading.textContent);
    said.textContent = unit >= 0 ? told(unit, all[unit]!) : row.failed ? "" : t("none");
    next.textContent = t("next");
    next.disabled = !row.failed;
    help.textContent = t("mapHelp");
  };

  const drawBecause = () => {
    if (unit < 0) { because.replaceChildren(h("div", { class: "ms-dim" }, t("choose"))); return; }
    const row = table()[chosen]!;
    const key = shares()[unit]! > 0 ? "excite" : row.fails === "dead" ? "closest" : "drive";
    let at = 0;
    because.replaceChildren(h("h4", {}, t(key, { unit })), answer
      ? h("div", { class: "ms-u-samples" }, ...answer.samples.map((sample) => {
        const name = t("sample", { index: integer(sample.index) }) + (sample.label ? ` · ${t("label", { label: sample.label })}` : "");
        const numbers = t("inOut", { input: number(sample.input, 3), output: number(sample.output, 3) });
        return h("figure", {},
          sample.size ? thumbnail(sample.size, pictures[at++]!, `${name}, ${numbers}`) : h("code", {}, sample.text),
          h("figcaption", {}, name, h("br"), h("span", { class: "ms-dim" }, numbers)));
      }))
      : h("div", { class: "ms-dim" }, t("wait")));
  };

  const draw = () => {
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    title.textContent = t("units");
    root.setAttribute("aria-label", t("units"));
    drawTable();
    drawMap();
    drawBecause();
    const row = table()[chosen]!;
    time.draw(series, "var(--ms-c2)", t("histValue", { name: `${row.name} · ${row.op}` }));
  };

  map.addEventListener("click", (event) => {
    const count = shares().length;
    const { side, across } = layout(count);
    const box = map.getBoundingClientRect();
    const scale = (across * side + 1) / box.width;
    const [x, y] = [(event.clientX - box.left) * scale - 1, (event.clientY - box.top) * scale - 1];
    const column = Math.floor(x / side);
    const k = Math.floor(y / side) * across + column;
    if (column >= 0 && column < across && k >= 0 && k < count) pick(k, true);
  });
  map.addEventListener("keydown", (event) => {
    const count = shares().length;
    const { across } = layout(count);
    const moves: Record<string, number> = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -count, End: count,
    };
    const key = (event as KeyboardEvent).key;
    const move = moves[key];
    if (move === undefined && key.toLowerCase() !== "n") return;
    event.preventDefault();
    event.stopPropagation();
    if (move === undefined) findNext();
    else if (unit < 0) pick(0, true);
    else if (Math.abs(move) === count || (unit + move >= 0 && unit + move < count)) pick(unit + move, true);
  });
  rows.addEventListener("keydown", (event) => {
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    choose(chosen + move, true);
  });
  const take = (message: Answer | Histories, buffers: DataView[]) => {
    if (message?.type === "unit" && message.number === chosen && message.unit === unit) {
      [answer, pictures] = [message, buffers];
      drawBecause();
    } else if (message?.type === "history" && message.number === chosen) {
      series = seriesOf(message, buffers, ["weight"])[0]!;
      draw();
    }
  };
  const renewed = () => {
    chosen = Math.min(chosen, table().length - 1);
    unit = Math.min(unit, table()[chosen]!.units - 1);
    ask();
    draw();
  };

  model.on("msg:custom", take);
  model.on("change:table", renewed);
  model.on("change:language", draw);
  const stopTheme = followTheme(root, draw);
  renewed();
  return () => {
    time.cursor.stop();
    stopTheme();
    model.off("msg:custom", take);
    model.off("change:table", renewed);
    model.off("change:language", draw);
  };
}

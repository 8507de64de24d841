// Every parameter of a network in a table; of the chosen one the histograms over time and any slice.
import "./parameters.css";
import { download } from "./curves-export";
import { type Answer, type Choice, Part } from "./parameters-part";
import { type Figure, type Histories, type Series, seriesOf, show, value } from "./parameters-ridge";
import { Time } from "./parameters-time";
import { renderUnits } from "./parameters-units";
import { words } from "./parameters-words";
import { type Model, announcer, betweenClicks, float32, followTheme, h, integer, onceAFrame, translator } from "./shared";

interface Row {
  name: string; shape: number[] | null; dtype: string; count: number; nan: number; inf: number; about: boolean;
  mean: Figure; std: Figure; min: Figure; max: Figure; norm: Figure; ratio: Figure;
}
const KINDS = ["weight", "gradient"] as const;
const WIDE = { class: "ms-p-wide" }; // left out where there is little room: gradients and ratios say more
const INKS = ["var(--ms-c0)", "var(--ms-c1)"];

/** 0 to 1 on a log scale over all norms, two decades at least. */
function barLengths(norms: Figure[]): number[] {
  const logs = norms.map((n) => Math.log10(value(n)));
  const known = logs.filter(Number.isFinite);
  const high = Math.max(...known);
  const low = Math.min(...known, high - 2);
  return logs.map((x) => (Number.isFinite(x) ? 0.08 + (0.92 * (x - low)) / (high - low) : 0));
}

/** What is chosen: renewing the stored picture draws the view anew, which should lose nothing. */
interface State { chosen: number; which: number; step: number | null; choice: Choice }
const states = new Map<string, State>();

function renderParameters({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const before = states.get(model.get("key"));
  let chosen = before?.chosen ?? 0;
  let which = before?.which ?? 0; // 0 the value, 1 the gradient
  let histories: (Series | null)[] = [null, null];
  let asked = 0;
  let answered = 0;
  let stale = false;

  const title = h("h3", { class: "ms-title" });
  const total = h("span", { class: "ms-dim" });
  const rows = h("div", { class: "ms-scroll" });
  const remarks = h("div", { role: "status" });
  const pick = h("div", { class: "ms-pick" });
  const nearest = h("div", { class: "ms-dim" });
  const detail = h("div", { class: "ms-detail" });
  const kept = h("div", { class: "ms-dim ms-p-kept" });
  const root = h("section", { class: "ms ms-params" },
    h("div", { class: "ms-bar" }, title, total), rows, remarks, detail, kept);
  const say = announcer(root);
  let saving = 0; // files asked for here: another view of the same parameters may ask too
  const save = (whole: boolean) => {
    saving += 1;
    model.send({ type: "npy", number: chosen, which: KINDS[which], step: time.step, slice: part.choice.slice, whole });
  };
  const time = new Time(t, say, () => askSoon());
  const part = new Part(t, () => (model.get("language") === "zh" ? "zh" : "en"), () => ask(), say, save);
  detail.append(h("div", { class: "ms-p-left" }, pick, time.root), h("div", {}, part.root, nearest));
  el.append(root);

  const all = (): Row[] => model.get("table")?.rows ?? [];
  const ask = () => {
    if (!all().length) return;
    asked += 1;
    states.set(model.get("key"), { chosen, which, step: time.step, choice: { ...part.choice } });
    model.send({ type: "look", number: chosen, which: KINDS[which], step: time.step, asked, ...part.choice });
  };
  const askSoon = onceAFrame(ask);

  const askAll = () => {
    if (all().length) model.send({ type: "history", number: chosen });
    ask();
  };

  const choose = (k: number, focus = false) => {
    chosen = Math.min(Math.max(k, 0), Math.max(all().length - 1, 0));
    which = 0;
    time.step = null;
    histories = [null, null];
    part.reset();
    drawTable();
    drawDetail();
    askAll();
    if (focus) rows.querySelectorAll<HTMLElement>("tbody button")[chosen]?.focus();
  };

  const drawTable = () => {
    const table = all();
    const focused = rows.contains(document.activeElement);
    total.textContent = t(table.length === 1 ? "one" : "total", {
      count: table.length, values: integer(table.reduce((sum, row) => sum + row.count, 0)),
    });
    const withNorm = table.some((row) => row.norm !== null);
    const withRatio = table.some((row) => row.ratio !== null);
    const withType = table.some((row) => row.dtype);
    const heads = ["name", "shape", ...(withType ? ["dtype"] : []), "count", "mean", "std", "min", "max",
      ...(withNorm ? ["norm"] : []), ...(withRatio ? ["ratio"] : [])];
    const lengths = barLengths(table.map((row) => row.norm));
    const body = table.map((row, k) => {
      const fill = h("b", {});
      fill.style.width = `${100 * lengths[k]!}%`;
      const dot = h("b", {});
      dot.style.left = `${Math.min(Math.max((Math.log10(value(row.ratio)) + 6) / 6, 0), 1) * 100}%`;
      return h("tr", {
        "aria-selected": String(k === chosen), onclick: () => choose(k, true),
      },
      h("th", { scope: "row" }, h("button", {
        type: "button", title: row.name, "aria-pressed": String(k === chosen),
      }, row.name)),
      h("td", {}, row.shape === null ? "–" : row.shape.join(" × ") || "()"),
      withType ? h("td", WIDE, row.dtype || "–") : null, h("td", WIDE, integer(row.count)),
      h("td", {}, show(row.mean)), h("td", { ...WIDE, title: row.about ? t("about") : null }, `${row.about ? "≈ " : ""}${show(row.std)}`),
      h("td", WIDE, show(row.min)), h("td", WIDE, show(row.max)),
      withNorm ? h("td", {}, h("span", { class: "ms-norm" }, h("i", { "aria-hidden": "true" }, fill), h("span", {}, show(row.norm)))) : null,
      withRatio ? h("td", {}, h("span", { class: "ms-norm" },
        row.ratio === null ? null : h("i", { class: "ms-p-track", "aria-hidden": "true" }, dot), h("span", {}, show(row.ratio)))) : null);
    });
    rows.replaceChildren(table.length ? h("table", { class: "ms-rows" },
      h("thead", {}, h("tr", {}, ...heads.map((key) =>
        h("th", { ...(["dtype", "count", "std", "min", "max"].includes(key) ? WIDE : {}), scope: "col", title: key === "norm" ? t("normHelp") : key === "ratio" ? t("ratioHelp") : null }, t(key))))),
      h("tbody", {}, ...body)) : h("div", { class: "ms-dim" }, t("empty")));
    if (focused) rows.querySelectorAll<HTMLElement>("tbody button")[chosen]?.focus();
    remarks.replaceChildren(...table.filter((row) => row.nan + row.inf).map((row) =>
      h("div", { class: "ms-note" }, t("bad", { name: row.name, count: integer(row.nan + row.inf) }))));
    const { kept: memory, skipped } = model.get("table") ?? {};
    if (skipped) remarks.append(h("div", { class: "ms-note" }, t("skipped", { count: integer(skipped) })));
    const mega = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    kept.textContent = memory?.looks > 1
      ? t("kept", { looks: memory.looks, used: mega(memory.bytes), budget: mega(memory.budget) }) : "";
  };

  const drawDetail = () => {
    detail.hidden = !all().length;
    pick.hidden = !histories[1] || !histories[0];
    pick.replaceChildren(...["value", "grad"].map((key, k) => h("button", {
      type: "button", class: "ms-toggle", "aria-pressed": String(which === k),
      onclick: () => {
        which = k;
        drawDetail();
        ask();
        pick.querySelectorAll<HTMLElement>("button")[k]?.focus();
      },
    }, t(key))));
    time.draw(histories[which] ?? null, INKS[which]!, t(which ? "histGrad" : "histValue", { name: all()[chosen]?.name ?? "" }));
    part.draw();
  };

  const drawNews = betweenClicks(root, drawDetail);

  const take = (message: Histories | Answer | { type: "npy"; name: string }, buffers: DataView[]) => {
    if (message?.type === "npy") {
      if (saving > 0) download(`${message.name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.npy`, new Blob([buffers[0]! as DataView<ArrayBuffer>]));
      saving = Math.max(0, saving - 1);
    } else if (message?.type === "history" && message.number === chosen) {
      histories = seriesOf(message, buffers, KINDS);
      if (!histories[which]) which = histories[0] ? 0 : 1;
      drawNews();
    } else if (message?.type === "look") {
      answered = Math.max(answered, message.asked);
      if (message.asked === asked && message.number === chosen) {
        part.take(message, buffers.length ? float32(buffers[0]!) : new Float32Array());
        const wanted = time.step ?? histories[which]?.frames.at(-1)?.step;
        nearest.textContent = message.shape && wanted !== undefined && message.step !== wanted
          ? t("nearest", { step: integer(message.step) }) : "";
      }
      if (stale && answered === asked) { stale = false; renewed(); }
    }
  };
  rows.addEventListener("keydown", (event) => {
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    choose(chosen + move, true);
  });
  const label = () => {
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    title.textContent = t("title");
    root.setAttribute("aria-label", t("title"));
    drawTable();
    drawDetail();
  };
  /** A busy kernel is not asked again and again: it would have to answer all of it afterwards. */
  const renewed = betweenClicks(root, () => {
    drawTable();
    detail.hidden = !all().length;
    if (answered < asked) { stale = true; return; }
    askAll();
  });

  model.on("msg:custom", take);
  model.on("change:table", renewed);
  model.on("change:language", label);
  const stopTheme = followTheme(root, drawDetail);
  if (before) {
    time.step = before.step;
    part.restore(before.choice);
  }
  label();
  askAll();
  return () => {
    stopTheme();
    time.cursor.stop();
    model.off("msg:custom", take);
    model.off("change:table", renewed);
    model.off("change:language", label);
  };
}

/** Two views in one bundle: the parameters of a network, and the units of its activations. */
export default {
  render: (context: { model: Model; el: HTMLElement }) =>
    (context.model.get("view") === "units" ? renderUnits : renderParameters)(context),
};

// What a classifier says: the confusion matrix, and the samples behind the cell that is chosen.
import { download } from "./curves-export";
import { LightControls, keepKeys } from "./images-light";
import { type Choice, type Norm, type Table, matrix } from "./images-matrix";
import { Sheet } from "./images-sheet";
import { words } from "./images-words";
import { type Values, Zoom } from "./images-zoom";
import { type Model, announcer, float64, followTheme, h, integer, number, translator } from "./shared";

interface Sample { row: number; true: number; said: number; names: [string, string]; sure: number | null }
interface Answer {
  ask: Record<string, unknown>; total: number; kept: number; first: number; tiles: Sample[];
  columns: number; tile: [number, number];
}
const NORMS: Norm[] = ["counts", "byRow", "byColumn"];
const ORDERS = { loss: "byLoss", unsure: "byUnsure", data: "byData" } as const;

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const table = (): Table => model.get("table");
  let norm: Norm = "counts";
  let choice: Choice = { true: null, predicted: null };
  let wrong = true; // mistakes teach most
  let order: keyof typeof ORDERS = table().scored ? "loss" : "data";
  let page = 0;
  let answer: Answer | null = null;
  let chosen: number | null = null; // row of a sample
  let saving = false; // another view of the same widget may have asked

  const root = h("section", { class: "ms ms-images ms-i-predictions" });
  const say = announcer(root);
  const title = h("h3", { class: "ms-title" });
  const total = h("span", { class: "ms-dim" });
  const notes = h("div", { role: "status" });
  const csv = h("button", { type: "button", "data-action": "csv", onclick: () => {
    saving = true;
    model.send({ type: "csv" });
  } }, "CSV");
  const norms = h("div", { class: "ms-i-norms" });
  const scroll = h("div", { class: "ms-i-scroll" });
  const legend = h("div", { class: "ms-dim ms-i-small" });
  const pairs = h("div", { class: "ms-i-pairs" });
  const heading = h("h4", {});
  const count = h("span", { class: "ms-dim" });
  const all = h("button", { type: "button", "data-action": "all", onclick: () => choose({ true: null, predicted: null }) });
  const only = h("button", { type: "button", class: "ms-toggle", "data-action": "wrong", onclick: () => {
    wrong = !wrong;
    page = 0;
    drawControls();
    ask();
  } });
  const orderName = h("span");
  const orders = h("select", { "data-action": "order", onchange: () => {
    order = orders.value as keyof typeof ORDERS;
    page = 0;
    ask();
  } });
  const light = new LightControls(t, root, () => { zoom.redraw(); drawRange(); });
  const zoom: Zoom = new Zoom(t, say, light.light);
  const bars = h("div", { class: "ms-i-bars" });
  const sheet = new Sheet((k) => {
    chosen = answer?.tiles[k]?.row ?? null;
    if (chosen !== null) model.send({ type: "tile", row: chosen });
  });
  const turn = (by: number, key: string) => h("button", {
    type: "button", "data-action": key, onclick: () => { page += by; ask(); },
  }, by < 0 ? "←" : "→");
  const [earlier, later, pages] = [turn(-1, "earlier"), turn(1, "later"), h("span")];
  const pager = h("div", { class: "ms-bar ms-i-pager" }, earlier, pages, later);
  const ranges = h("div", { class: "ms-dim ms-i-small" });
  root.prepend(h("div", { class: "ms-bar" }, title, total), notes,
    h("div", { class: "ms-i-split" },
      h("div", { class: "ms-i-left" }, norms, scroll, legend, pairs),
      h("div", { class: "ms-i-samples" },
        h("div", { class: "ms-bar" }, heading, count),
        h("div", { class: "ms-bar ms-i-controls" }, all, only, h("label", {}, orderName, orders)),
        sheet.element, pager)),
    h("div", { class: "ms-i-below" }, h("div", { class: "ms-bar ms-i-controls" }, light.element, ranges),
      h("div", { class: "ms-i-split" }, zoom.element, bars)));
  keepKeys(root);
  el.append(root);

  const name = (c: number) => table().names[c] ?? String(c);
  const inside = () => choice.true === null || choice.predicted === null; // more than one cell
  const question = () => ({ ...choice, wrong: wrong && inside(), order, page });
  const ask = () => model.send({ type: "sheet", ...question() });

  const choose = (next: Choice, focus = false) => {
    choice = next;
    page = 0;
    drawMatrix();
    drawControls();
    if (focus) scroll.querySelector<HTMLElement>("[data-cell][tabindex='0']")?.focus();
    ask();
  };

  const drawMatrix = () => {
    scroll.replaceChildren(matrix(t, table(), norm, choice, choose));
    norms.replaceChildren(...NORMS.map((one) => h("button", {
      type: "button", class: "ms-toggle", "data-norm": one, "aria-pressed": String(one === norm), onclick: () => {
        norm = one;
        drawMatrix();
        norms.querySelector<HTMLElement>(`[data-norm=${one}]`)?.focus();
      },
    }, t(one))), csv);
    const { shown, classes, confused } = table();
    legend.textContent = t("legend") + (shown.length < classes ? ` ${t("some", { shown: shown.length, classes })}` : "");
    pairs.replaceChildren(...(confused.length ? [h("div", { class: "ms-dim" }, t("confused"))] : []),
      ...confused.map(([is, said, n]) => h("button", {
        type: "button", "data-pair": `${is},${said}`,
        "aria-pressed": String(is === choice.true && said === choice.predicted),
        onclick: () => {
          choose({ true: is, predicted: said });
          pairs.querySelector<HTMLElement>(`[data-pair="${is},${said}"]`)?.focus();
        },
      }, h("span", { title: `${name(is)} → ${name(said)}` }, `${name(is)} → ${name(said)}`), h("b", {}, integer(n)))));
  };

  const drawControls = () => {
    const { scored } = table();
    const names = { true: choice.true === null ? "" : name(choice.true), said: choice.predicted === null ? "" : name(choice.predicted) };
    const kind = choice.true === null ? (choice.predicted === null ? "all" : "saidOnly") : choice.predicted === null ? "isOnly" : "isSaid";
    heading.textContent = t(kind, names);
    all.textContent = t("all");
    all.disabled = kind === "all";
    only.textContent = t("wrongOnly");
    only.setAttribute("aria-pressed", String(wrong && inside()));
    only.disabled = !inside();
    orderName.textContent = t("order");
    orders.parentElement!.hidden = !scored;
    orders.replaceChildren(...Object.entries(ORDERS).map(([key, text]) =>
      h("option", { value: key, selected: key === order }, t(text))));
  };

  const drawRange = () => {
    const range = table().range;
    ranges.textContent = range ? light.words(range[0], range[1]) : "";
  };

  const drawSheet = (png: DataView | undefined) => {
    if (!answer) { count.textContent = t("wait"); return; }
    const { total: of, kept, first, tiles } = answer;
    const key = kept < of ? (table().scored ? "hardest" : "firsts") : "total";
    count.textContent = of ? t(key, { kept: integer(kept), count: integer(of) }) : t("empty");
    const at = tiles.findIndex((tile) => tile.row === chosen);
    sheet.draw(`${heading.textContent}, ${count.textContent}`, tiles.map((tile) => {
      const bad = tile.true !== tile.said;
      const share = tile.sure === null ? "" : `${number(100 * tile.sure, 2)} %`;
      const label = t(bad ? "tileWrong" : "tileRight", { row: integer(tile.row), said: tile.names[1], true: tile.names[0] });
      return {
        label: share ? `${label}, ${t("sure", { share: number(100 * tile.sure!, 2) })}` : label,
        lines: [`${bad ? "✗" : "✓"} ${tile.names[1]}`, bad ? t("is", { true: tile.names[0] }) : "", share].filter(Boolean),
        mark: bad ? "wrong" : "right",
      };
    }), { columns: answer.columns, tile: answer.tile, png }, at);
    pager.hidden = kept <= tiles.length;
    pages.textContent = t("page", { from: first + 1, to: first + tiles.length, count: integer(kept) });
    earlier.setAttribute("aria-label", t("earlier"));
    later.setAttribute("aria-label", t("later"));
    earlier.disabled = first === 0;
    later.disabled = first + tiles.length >= kept;
  };

  const take = (message: any, buffers: DataView[]) => {
    if (message?.type === "sheet") {
      // An answer to an older question is left alone.
      if (Object.entries(question()).some(([key, value]) => message.ask[key] !== value)) return;
      answer = message;
      drawSheet(buffers[0]);
      say(`${heading.textContent}: ${count.textContent}`);
    } else if (message?.type === "csv" && saving) {
      saving = false;
      download("confusion-matrix.csv", new Blob([message.text], { type: "text/csv" }));
    } else if (message?.type === "tile" && message.row === chosen) {
      const values: Values = { ...message, cells: float64(buffers[0]!) };
      const [low, high] = table().range ?? [0, 1];
      const channel = values.channels === 3 || values.channels === 4 ? -1 : 0;
      zoom.show(t("sample", { row: integer(message.row) }), values, { channel, low, high });
      drawBars(message.top, message.true);
    }
  };

  const drawBars = (top: [string, number, number][], truth: number) => {
    bars.replaceChildren(...(top.length ? [
      h("h4", {}, t("top")),
      ...top.map(([label, share, c]) => {
        const fill = h("b");
        fill.style.width = `${100 * share}%`;
        return h("div", { class: c === truth ? "ms-i-truth" : null },
          h("span", { title: label }, label), h("i", {}, fill),
          h("span", {}, `${number(100 * share, 3)} %${c === truth ? ` ← ${t("truth")}` : ""}`));
      }),
      h("div", { class: "ms-dim ms-i-small" }, t(table().softmax ? "softmax" : "given01")),
    ] : []));
  };

  const label = () => {
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    const { seen, right, leftOut } = table();
    title.textContent = t("predictions");
    root.setAttribute("aria-label", t("predictions"));
    total.textContent = t("right", { right: integer(right), seen: integer(seen), share: number((100 * right) / seen, 3) });
    notes.replaceChildren(...(leftOut ? [h("div", { class: "ms-note" }, t("leftOut", { count: integer(leftOut) }))] : []));
    light.label();
    csv.title = t("saveCounts");
    csv.setAttribute("aria-label", t("saveCounts"));
    drawMatrix();
    drawControls();
    drawRange();
    bars.replaceChildren();
    zoom.clear(t("pick"));
    chosen = null;
    ask();
  };

  model.on("msg:custom", take);
  model.on("change:table", label);
  model.on("change:language", label);
  const stopTheme = followTheme(root);
  drawSheet(undefined);
  label();
  return () => {
    stopTheme();
    sheet.stop();
    model.off("msg:custom", take);
    model.off("change:table", label);
    model.off("change:language", label);
  };
}

export default { render };

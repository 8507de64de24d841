// Every parameter of a network in a table; the chosen one as histogram and heatmap.
import "./parameters.css";
import { download } from "./curves-export";
import { type Look, nameCell, paint, reach, scaleBar, words } from "./parameters-heat";
import { type Model, announcer, float32, float64, followTheme, h, integer, number, s, translator } from "./shared";

type Figure = number | string | null;
interface Row {
  name: string; shape: number[]; dtype: string; count: number; bad: number;
  mean: Figure; std: Figure; min: Figure; max: Figure; norm: Figure; ratio: Figure;
}
interface Part extends Look { low: number; high: number; counts: Float64Array }
interface Detail {
  type: "detail"; version: number; number: number; index: number[];
  parts: Omit<Part, "counts" | "cells">[];
}

const value = (x: Figure): number =>
  typeof x === "string" ? Number(x.replace("inf", "Infinity").replace("nan", "NaN")) : x ?? NaN;
const show = (x: Figure, digits = 3): string => (x === null ? "–" : number(value(x), digits));

/** 0 to 1 on a log scale over all norms, two decades at least. */
function barLengths(norms: Figure[]): number[] {
  const logs = norms.map((n) => Math.log10(value(n)));
  const known = logs.filter(Number.isFinite);
  const high = Math.max(...known);
  const low = Math.min(...known, high - 2);
  return logs.map((x) => (Number.isFinite(x) ? 0.08 + (0.92 * (x - low)) / (high - low) : 0));
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  let chosen = 0;
  let index: number[] = [];
  let parts: Part[] = [];
  let which = 0; // 0 the value, 1 the gradient
  let at: [number, number] | null = null;

  const title = h("h3", { class: "ms-title" });
  const total = h("span", { class: "ms-dim" });
  const rows = h("div", { class: "ms-scroll" });
  const remarks = h("div", { role: "status" });
  const detail = h("div", { class: "ms-detail" });
  const root = h("section", { class: "ms ms-params" },
    h("div", { class: "ms-bar" }, title, total), rows, remarks, detail);
  const say = announcer(root);
  el.append(root);

  const all = (): Row[] => model.get("table")?.rows ?? [];
  const ask = () => model.send({ type: "detail", number: chosen, index });

  const choose = (k: number, focus = false) => {
    const count = all().length;
    chosen = Math.min(Math.max(k, 0), count - 1);
    index = (all()[chosen]?.shape ?? []).slice(0, -2).map(() => 0);
    at = null;
    which = 0;
    parts = [];
    drawTable();
    drawDetail();
    ask();
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
    const heads = ["name", "shape", "dtype", "count", "mean", "std", "min", "max",
      ...(withNorm ? ["norm"] : []), ...(withRatio ? ["ratio"] : [])];
    const lengths = barLengths(table.map((row) => row.norm));
    const body = table.map((row, k) => {
      const fill = h("b", {});
      fill.style.width = `${100 * lengths[k]!}%`;
      return h("tr", {
        "aria-selected": String(k === chosen), onclick: () => choose(k, true),
      },
      h("th", { scope: "row" }, h("button", {
        type: "button", title: row.name, "aria-pressed": String(k === chosen),
      }, row.name)),
      h("td", {}, row.shape.join(" × ") || "()"),
      h("td", {}, row.dtype), h("td", {}, integer(row.count)),
      h("td", {}, show(row.mean)), h("td", {}, show(row.std)),
      h("td", {}, show(row.min)), h("td", {}, show(row.max)),
      withNorm ? h("td", {}, h("span", { class: "ms-norm" }, h("i", { "aria-hidden": "true" }, fill), h("span", {}, show(row.norm)))) : null,
      withRatio ? h("td", {}, show(row.ratio)) : null);
    });
    rows.replaceChildren(h("table", { class: "ms-rows" },
      h("thead", {}, h("tr", {}, ...heads.map((key) =>
        h("th", { scope: "col", title: key === "norm" ? t("normHelp") : key === "ratio" ? t("ratioHelp") : null }, t(key))))),
      h("tbody", {}, ...body)));
    if (focused) rows.querySelectorAll<HTMLElement>("tbody button")[chosen]?.focus();
    remarks.replaceChildren(...table.filter((row) => row.bad).map((row) =>
      h("div", { class: "ms-note" }, t("bad", { name: row.name, count: integer(row.bad) }))));
  };

  const hist = (part: Part, ink: string, heading: string): Node[] => {
    const [width, high] = [360, 92];
    const most = Math.max(...part.counts, 1);
    const step = width / part.counts.length;
    const svg = s("svg", { class: "ms-hist", viewBox: `0 -4 ${width} ${high + 24}`, role: "img", "aria-label": heading });
    part.counts.forEach((count, k) => {
      const tall = (count / most) * high;
      const low = part.low + ((part.high - part.low) * k) / part.counts.length;
      const next = part.low + ((part.high - part.low) * (k + 1)) / part.counts.length;
      const bar = s("rect", { x: k * step, y: high - tall, width: Math.max(step - 1, 1), height: tall, style: `fill:${ink}` });
      bar.append(s("title", {}, t("bin", { low: number(low, 3), high: number(next, 3), count: integer(count) })));
      svg.append(bar);
    });
    svg.append(s("path", { d: `M0 ${high + 0.5}H${width}`, style: "stroke:var(--ms-line)" }));
    const text = (x: number, label: string, anchor: string) =>
      svg.append(s("text", { x, y: high + 16, "text-anchor": anchor }, label));
    text(0, number(part.low, 3), "start");
    text(width, number(part.high, 3), "end");
    const zero = (-part.low / (part.high - part.low)) * width;
    if (zero > 0 && zero < width) {
      svg.append(s("path", { d: `M${zero} 0V${high}`, style: "stroke:var(--ms-dim)", "stroke-dasharray": "2 3" }));
      if (zero > 50 && zero < width - 50) text(zero, "0", "middle");
    }
    return [h("h4", {}, heading), svg];
  };

  const drawDetail = () => {
    const row = all()[chosen];
    if (!row) { detail.replaceChildren(); return; }
    if (!parts.length) { detail.replaceChildren(h("div", { class: "ms-dim" }, t("wait"))); return; }
    const left = h("div", {}, ...hist(parts[0]!, "var(--ms-c0)", t("histValue", { name: row.name })),
      ...(parts[1] ? hist(parts[1], "var(--ms-c1)", t("histGrad")) : []));
    const look = parts[which] ?? parts[0]!;
    const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": `${t("heat")}: ${row.name}. ${t("hover")}` });
    paint(canvas, look);
    // Cells as large as fits, square unless the matrix is a thin strip.
    const [high, wide] = look.full;
    const size = Math.min(400 / wide, 260 / high, 40);
    canvas.style.width = `${Math.max(size * wide, 24)}px`;
    canvas.style.height = `${Math.max(size * high, 24)}px`;
    const said = h("div", { class: "ms-said ms-dim" }, t("hover"));
    const point = (r: number, c: number, aloud = false) => {
      at = [Math.min(Math.max(r, 0), look.rows - 1), Math.min(Math.max(c, 0), look.columns - 1)];
      const text = nameCell(look, at[0], at[1], index, row.shape.length);
      said.textContent = text;
      said.classList.remove("ms-dim");
      if (aloud) say(text);
    };
    canvas.addEventListener("mousemove", (event) => {
      const box = canvas.getBoundingClientRect();
      point(Math.floor(((event.clientY - box.top) / box.height) * look.rows),
        Math.floor(((event.clientX - box.left) / box.width) * look.columns));
    });
    canvas.addEventListener("keydown", (event) => {
      const moves: Record<string, [number, number]> = {
        ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      if (at) point(at[0] + move[0], at[1] + move[1], true); else point(0, 0, true);
    });
    const pick = h("div", { class: "ms-pick" });
    if (parts[1]) {
      for (const [k, key] of ["value", "grad"].entries()) {
        pick.append(h("button", {
          type: "button", class: "ms-toggle", "aria-pressed": String(which === k),
          onclick: () => {
            which = k;
            drawDetail();
            detail.querySelectorAll<HTMLElement>(".ms-pick button")[k]?.focus();
          },
        }, t(key)));
      }
    }
    pick.append(h("button", {
      type: "button", "data-action": "npy", title: t("npy"), "aria-label": t("npy"),
      onclick: () => model.send({ type: "npy", number: chosen, grad: which === 1 }),
    }, ".npy"));
    index.forEach((i, axis) => {
      const shown = h("output", {}, String(i));
      pick.append(h("label", {}, t("axis", { axis }), h("input", {
        type: "range", min: 0, max: row.shape[axis]! - 1, value: i,
        oninput: (event: Event) => {
          index[axis] = Number((event.target as HTMLInputElement).value);
          shown.textContent = String(index[axis]);
        },
        // Asked once the slider rests: the answer draws everything anew.
        onchange: () => ask(),
      }), shown));
    });
    const right = h("div", { class: "ms-heat" }, h("h4", {}, t("heat")), pick.childNodes.length ? pick : null,
      canvas, scaleBar(reach(look.cells)), said,
      look.block[0] * look.block[1] > 1
        ? h("div", { class: "ms-dim" }, t("joined", { r: look.block[0], c: look.block[1] })) : null);
    detail.replaceChildren(left, right);
  };

  const take = (message: Detail, buffers: DataView[]) => {
    const file = message as unknown as { type: string; name: string };
    if (file?.type === "npy") {
      download(`${file.name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.npy`, new Blob([buffers[0]! as DataView<ArrayBuffer>]));
      return;
    }
    if (message?.type !== "detail" || message.number !== chosen) return;
    if (message.index.join() !== index.join()) return; // an answer to an older question
    parts = message.parts.map((part, k) => ({
      ...part, counts: float64(buffers[2 * k]!), cells: float32(buffers[2 * k + 1]!),
    }));
    if (which >= parts.length) which = 0;
    drawDetail();
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
  const renewed = () => { drawTable(); ask(); };

  model.on("msg:custom", take);
  model.on("change:table", renewed);
  model.on("change:language", label);
  const stopTheme = followTheme(root, drawDetail);
  label();
  choose(0);
  return () => {
    stopTheme();
    model.off("msg:custom", take);
    model.off("change:table", renewed);
    model.off("change:language", label);
  };
}

export default { render };

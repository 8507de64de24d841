// The live chart: a stack of small plots with one cursor, a legend that reads it, and the
// buttons that steer the training.
import "./curves.css";
import { Plot } from "./curves-plot";
import { Saver } from "./curves-export";
import { Limits } from "./curves-limits";
import { type Line, type Range, Store, valueAt } from "./curves-store";
import { words } from "./curves-words";
import { type Axis, SharedCursor } from "./cursor";
import { type Model, announcer, followTheme, h, integer, number, onceAFrame, s, translator } from "./shared";

// Each view gets a model object of its own, so the store is found by the chart's key: a new view
// (the stored picture is renewed at the end of a training) shows the same part as the one before.
const stores = new Map<string, Store>();

function storeOf(model: Model): Store {
  const key = model.get("key") as string;
  let store = stores.get(key);
  if (!store) stores.set(key, (store = new Store(model)));
  return store;
}

const icons: Record<string, string> = {
  pause: "M2 1h3v10H2zM7 1h3v10H7z",
  resume: "M2 1l9 5-9 5z",
  step: "M1 1l6 5-6 5zM8 1h2.5v10H8z",
  stop: "M1.5 1.5h9v9h-9z",
};

const icon = (name: string) =>
  s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, s("path", { d: icons[name]! }));

/** Only what differs is made anew: a click whose target goes away while it is pressed is lost. */
function face(button: HTMLElement, name: string, text: string): void {
  if (button.title === text) return;
  button.title = text;
  button.replaceChildren(icon(name), text);
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const store = storeOf(model);
  const t = translator(words, model);
  let plots: Plot[] = [];
  let shape = "";
  let cursor: number | null = null;
  let statusAt = performance.now();
  let values: { line: Line; shown: HTMLElement }[] = [];

  const title = h("h3", { class: "ms-title" });
  const button = (name: string) => h("button", { type: "button", "data-action": name });
  const hold = button("pause");
  const one = button("step");
  const stop = button("stop");
  const state = h("span", { class: "ms-state" });
  const figures = h("span", { class: "ms-figures" });
  const transport = h("div", { class: "ms-transport", role: "group" }, hold, one, stop, state, figures);
  const slider = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: store.smoothing });
  const amount = h("output", {});
  const smoothText = h("span", {});
  const smoothing = h("label", { class: "ms-smooth ms-push" }, smoothText, slider, amount);
  const limits = new Limits(model);
  const choices = (["step", "relative", "wall"] as const).map((axis) => h("option", { value: axis }));
  const axis = h("select", { "data-action": "axis" }, ...choices);
  const back = h("button", { type: "button", "data-action": "back" });
  const saver: Saver = new Saver(model, () => ({ root, area, plots: plots.map((plot) => plot.u) }));
  const log = h("button", { type: "button", class: "ms-toggle" });
  const reset = h("button", { type: "button" });
  const table = h("button", { type: "button", class: "ms-toggle", "aria-pressed": String(store.table) });
  const area = h("div", { class: "ms-plots", tabindex: 0, role: "group" });
  const remarks = h("div", { role: "status" });
  const summary = h("div", { hidden: !store.table });
  const root: HTMLElement = h("section", { class: "ms ms-curves" },
    h("div", { class: "ms-bar" }, title, smoothing, log, axis, back, reset, table, ...saver.buttons),
    transport, area, remarks, summary);
  const say = announcer(root);
  el.append(root);

  const range = (): Range => {
    if (store.zoom) return store.zoom;
    let low = Infinity;
    let high = -Infinity;
    for (const line of store.lines.values()) {
      if (store.alone && line.run < store.newestRun()) continue;
      const steps = store.xOf(line);
      low = Math.min(low, steps[0] ?? low);
      high = Math.max(high, steps[steps.length - 1] ?? high);
    }
    return low < high ? [low, high] : [low - 0.5, low + 0.5];
  };

  const clock = (x: number) => new Date(1000 * x).toLocaleTimeString(root.lang, { hour12: false });
  /** A number of the x axis in words. */
  const place = (x: number): string => (store.axis === "wall" ? clock(x)
    : store.axis === "relative" ? `${number(x, 5)} s` : t("at", { step: number(x, 7) }));

  /** All figures at step x (or the last ones), in the legend and, when asked, aloud. */
  const read = (x: number | null, aloud = false) => {
    const heard: string[] = [];
    for (const { line, shown } of values) {
      const value = valueAt(store, line, x ?? Infinity);
      const text = line.x.size && (x === null || x >= store.xOf(line)[0]!) ? number(value) : "–";
      shown.textContent = text;
      if (!store.hidden.has(line.name)) heard.push(`${line.name} ${text}`);
    }
    for (const at of area.querySelectorAll(".ms-at")) {
      at.textContent = x === null ? "" : place(x);
    }
    if (aloud && x !== null) say(`${place(x)}: ${heard.join(", ")}`);
  };

  // Everything else on the page that shows the same kind of axis follows, and is followed.
  const shared = new SharedCursor((x, kind) => { if (kind === store.axis) moveTo(x); });
  let moving = false; // setting a cursor calls back; one level is enough
  const moveTo = (x: number | null, from?: Plot) => {
    if (moving) return;
    moving = true;
    cursor = x === null ? null : nearestStep(x);
    shared.tell(cursor, store.axis);
    for (const plot of plots) if (plot !== from) plot.moveCursor(cursor);
    read(cursor);
    moving = false;
  };

  const steps = (): Float64Array => {
    let longest = new Float64Array();
    for (const line of store.lines.values()) {
      if (line.run === store.newestRun() && line.x.size > longest.length) longest = store.xOf(line) as Float64Array<ArrayBuffer>;
    }
    return longest;
  };
  const nearestIndex = (x: number): number => {
    const all = steps();
    let low = 0;
    let high = all.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle]! < x) low = middle + 1; else high = middle;
    }
    return low > 0 && x - all[low - 1]! < all[low]! - x ? low - 1 : low;
  };
  const nearestStep = (x: number): number => steps()[nearestIndex(x)] ?? x;

  const shown = () => {
    area.dataset["x"] = range().map((v) => number(v, 6)).join(" ");
    for (const plot of plots) {
      plot.u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      plot.update(range());
    }
    reset.disabled = back.disabled = !store.zooms.length;
  };
  const zoomTo = (x: Range | null, panel = "", y: Range | null = null) => {
    if (x) store.zooms.push({ x, panel, y });
    else store.zooms = [];
    shown();
  };
  const zoomBack = () => { store.zooms.pop(); shown(); };

  const chip = (line: Line, dashed: boolean) => {
    const shown = h("b", {}, "–");
    const ink = `var(--ms-c${store.names().indexOf(line.name) % 6})`;
    const swatch = s("svg", { viewBox: "0 0 20 6", "aria-hidden": "true" }, s("path", {
      d: "M0 3h20", stroke: ink, "stroke-width": 3, style: `stroke:${ink}`,
      "stroke-dasharray": dashed ? "6 3" : null,
    }));
    values.push({ line, shown });
    return h("button", {
      type: "button", class: "ms-chip", "aria-pressed": String(!store.hidden.has(line.name)),
      title: t("toggle", { name: line.name }),
      onclick: () => {
        if (!store.hidden.delete(line.name)) store.hidden.add(line.name);
        store.changed();
      },
    }, swatch, h("span", { class: "ms-name" }, line.name), shown);
  };

  const rebuild = () => {
    // The legend's buttons are made anew: put the keyboard back where it was.
    const focused = area.contains(document.activeElement)
      ? [...area.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement) : -1;
    for (const plot of plots) plot.u.destroy();
    plots = [];
    values = [];
    area.replaceChildren();
    const panels = [...store.panels()];
    if (!panels.length) area.append(h("div", { class: "ms-empty" }, t("empty")));
    const newest = store.newestRun();
    for (const [k, [panel, members]] of panels.entries()) {
      const legend = h("div", { class: "ms-legend" });
      const names = [...new Set(members.map((line) => line.name))];
      for (const [n, name] of names.entries()) {
        const line = members.filter((m) => m.name === name).reduce((a, b) => (b.run > a.run ? b : a));
        legend.append(chip(line, n % 2 === 1));
      }
      if (k === 0) {
        if (newest) {
          legend.append(h("button", {
            type: "button", class: "ms-toggle ms-dim", "data-action": "earlier", "aria-pressed": String(!store.alone),
            title: t("toggleEarlier"), onclick: () => { store.alone = !store.alone; store.changed(); },
          }, t("paler", { count: newest })));
        }
        legend.append(h("span", { class: "ms-at" }));
      }
      const host = h("div", {});
      area.append(h("div", { class: "ms-panel", "data-panel": panel }, legend, host));
      const plot: Plot = new Plot(root, host, store, panel, Math.max(area.clientWidth, 200),
        k === panels.length - 1,
        {
          label: t(store.axis === "step" ? "step" : store.axis === "wall" ? "wall" : "seconds"),
          text: (x) => (store.axis === "wall" ? clock(x) : store.axis === "relative" || Number.isInteger(x) ? number(x, 7) : ""),
        },
        {
          cursor: (x) => moveTo(x, plot), nearest: nearestStep, limits: (line) => limits.of(line),
          zoom: (x, y) => zoomTo(x, panel, y), released: () => draw(),
        }, range());
      plots.push(plot);
    }
    shown();
    if (focused >= 0) area.querySelectorAll("button")[focused]?.focus();
  };

  const draw = onceAFrame(() => {
    if (plots.some((plot) => plot.boxing)) return; // new points would take the box away
    const now = JSON.stringify([
      store.generation,
      [...store.lines.values()].map((line) => [line.run, line.name, line.panel]),
      [...store.hidden], store.alone, store.smoothing > 0, store.log, store.axis, model.get("thresholds"), model.get("language"),
      root.classList.contains("ms-dark"), area.clientWidth,
    ]);
    if (now !== shape) {
      shape = now;
      rebuild();
    } else {
      shown();
    }
    if (cursor !== null) for (const plot of plots) plot.moveCursor(cursor);
    read(cursor);
    const bad = [...store.lines.values()].filter((line) => line.bad);
    const texts = bad.map((line) => t("bad", {
      name: line.name, value: number(Number(line.bad![1].replace("inf", "Infinity"))),
      step: number(line.bad![0], 9),
    }));
    texts.push(...limits.remarks([...store.lines.values()], t));
    if (remarks.textContent !== texts.join("")) {
      remarks.replaceChildren(...texts.map((text) => h("div", { class: "ms-note" }, text)));
    }
    if (!summary.hidden) summarise();
    slider.value = String(store.smoothing);
    amount.textContent = store.smoothing.toFixed(2);
    log.setAttribute("aria-pressed", String(store.log));
    axis.value = store.axis;
  });

  const summarise = () => {
    const head = ["series", "points", "first", "last", "lowest", "highest"];
    const rows = [...store.lines.values()].map((line) => {
      const y = line.y.view();
      const x = line.x.view();
      let low = -1;
      let high = -1;
      for (let i = 0; i < y.length; i++) {
        if (!Number.isFinite(y[i]!)) continue;
        if (low < 0 || y[i]! < y[low]!) low = i;
        if (high < 0 || y[i]! > y[high]!) high = i;
      }
      const at = (i: number) => (i < 0 ? "–" : `${number(y[i]!)} (${t("at", { step: number(x[i]!, 7) })})`);
      const run = store.newestRun() ? ` · ${t("run", { run: line.run + 1 })}` : "";
      return h("tr", {}, h("th", { scope: "row" }, line.name + run),
        ...[integer(line.logged), number(y[0] ?? NaN), number(y[y.length - 1] ?? NaN), at(low), at(high)]
          .map((text) => h("td", {}, text)));
    });
    summary.replaceChildren(h("table", { class: "ms-table" },
      h("thead", {}, h("tr", {}, ...head.map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, ...rows)));
  };

  const showTime = () => {
    const status = model.get("status") ?? {};
    const running = status.state === "running";
    const seconds = (status.elapsed ?? 0) + (running ? (performance.now() - statusAt) / 1000 : 0);
    const clock = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
    const parts = [t("at", { step: integer(status.steps ?? 0) })];
    if (status.rate && seconds > 0.2) parts.push(t("rate", { rate: number(status.rate, 3) }));
    parts.push(clock);
    if (status.message) parts.push(status.message);
    const text = parts.join("|");
    if (figures.dataset["text"] === text) return;
    figures.dataset["text"] = text;
    figures.replaceChildren(...parts.map((part) => h("span", {}, part)));
  };

  let told = "";
  const showStatus = () => {
    const status = model.get("status") ?? {};
    statusAt = performance.now();
    transport.hidden = !status.state || status.state === "idle" || status.state === "ready";
    const active = status.state === "running" || status.state === "paused";
    const action = status.state === "paused" ? "resume" : "pause";
    hold.dataset["action"] = action;
    face(hold, action, t(action));
    face(one, "step", t("one"));
    face(stop, "stop", t("stop"));
    hold.disabled = stop.disabled = !active;
    one.disabled = status.state !== "paused";
    state.dataset["state"] = status.state ?? "";
    state.replaceChildren(h("i", {}), t(status.state ?? "idle"));
    if (told && told !== status.state) say(t(status.state));
    told = status.state ?? "";
    showTime();
  };

  const label = () => {
    const titles = model.get("titles") ?? {};
    title.textContent = titles[model.get("language")] || t("title");
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    root.setAttribute("aria-label", title.textContent ?? "");
    area.setAttribute("aria-label", t("keys"));
    transport.setAttribute("aria-label", t("transport"));
    smoothText.textContent = t("smoothing");
    log.textContent = t("log");
    log.title = t("logHelp");
    reset.textContent = t("reset");
    back.textContent = t("back");
    axis.setAttribute("aria-label", t("axis"));
    axis.title = t("axis");
    choices.forEach((choice) => { choice.textContent = t(choice.value); });
    for (const b of saver.buttons) { b.title = t("save", { kind: b.textContent ?? "" }); b.setAttribute("aria-label", b.title); }
    table.textContent = t("table");
    showStatus();
    if (!summary.hidden) summarise();
    draw();
  };

  for (const control of [hold, one, stop]) {
    control.addEventListener("click", () => model.send({ type: control.dataset["action"] }));
  }
  slider.addEventListener("input", () => { store.smoothing = Number(slider.value); store.changed(); });
  log.addEventListener("click", () => { store.log = !store.log; store.changed(); });
  reset.addEventListener("click", () => zoomTo(null));
  back.addEventListener("click", zoomBack);
  axis.addEventListener("change", () => {
    store.axis = axis.value as Axis;
    store.zooms = [];
    moveTo(null);
    store.changed();
  });
  table.addEventListener("click", () => {
    store.table = summary.hidden;
    summary.hidden = !store.table;
    table.setAttribute("aria-pressed", String(!summary.hidden));
    if (!summary.hidden) summarise();
  });
  area.addEventListener("keydown", (event) => {
    const all = steps();
    if (event.target !== area || !all.length) return;
    const at = cursor === null ? all.length : nearestIndex(cursor);
    const stride = event.shiftKey ? 10 : 1;
    const next: Record<string, number> = {
      ArrowLeft: at - stride, ArrowRight: at + stride, Home: 0, End: all.length - 1,
    };
    if (event.key in next) {
      moveTo(all[Math.min(Math.max(next[event.key]!, 0), all.length - 1)]!);
      read(cursor, true);
    } else if (event.key === "Escape") {
      moveTo(null);
      zoomTo(null);
    } else if (event.key === "Backspace") {
      zoomBack();
    } else return;
    // JupyterLab would move between cells with the same keys.
    event.preventDefault();
    event.stopPropagation();
  });
  area.addEventListener("mouseleave", () => moveTo(null));

  model.on("change:thresholds", draw);
  const stopListening = store.subscribe(draw);
  const stopTheme = followTheme(root, draw);
  const sizes = new ResizeObserver(draw);
  sizes.observe(area);
  const timer = setInterval(showTime, 250);
  model.on("change:status", showStatus);
  model.on("change:language", label);
  model.on("change:titles", label);
  label();
  return () => {
    stopListening();
    stopTheme();
    sizes.disconnect();
    clearInterval(timer);
    shared.stop();
    saver.stop();
    model.off("change:thresholds", draw);
    model.off("change:status", showStatus);
    model.off("change:language", label);
    model.off("change:titles", label);
    for (const plot of plots) plot.u.destroy();
  };
}

export default {
  /** Once a page load, before any view: points that arrive early are kept. */
  initialize({ model }: { model: Model }) {
    storeOf(model);
    return () => { stores.delete(model.get("key") as string); };
  },
  render,
};

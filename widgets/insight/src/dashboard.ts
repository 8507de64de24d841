// The dashboard: runs on the left, views on the right, asked anew every second.
import "uplot/dist/uPlot.min.css";
import "./dashboard.css";
import { Board } from "./dashboard-board";
import { ImageCard } from "./dashboard-cards";
import { ChartCard } from "./dashboard-chart";
import { listing } from "./dashboard-data";
import { GraphPane, modelOf } from "./dashboard-graph";
import { HistogramCard } from "./dashboard-histogram";
import { TableView } from "./dashboard-table";
import { TensorCard } from "./dashboard-tensor";
import { words } from "./dashboard-words";
import { announcer, h, integer, translator } from "./shared";

const EVERY = 1000; // milliseconds between two looks
const MOST_CARDS = 300;
const VIEWS = ["scalars", "histograms", "images", "tensors", "graph", "data", "table"] as const;
type View = (typeof VIEWS)[number];
interface Card { element: HTMLElement; visible: boolean; update(): Promise<void>; redraw?(): void; destroy(): void }
const CARDS = { histograms: HistogramCard, images: ImageCard, tensors: TensorCard };

function start(place: HTMLElement): void {
  const root = h("div", { class: "ms ms-dash" });
  place.append(root);
  const board = new Board(root);
  const state = modelOf({ language: board.language });
  const t = translator(words, state);
  board.t = t;
  board.say = announcer(root);
  let view: View = "scalars";
  let cards = new Map<string, Card>();
  let shape = "";
  const table = new TableView(board);

  // -- the parts of the page ------------------------------------------------------------------
  const title = h("h1", { class: "ms-title" });
  const tabs = VIEWS.map((name) => h("button", {
    type: "button", role: "tab", id: `tab-${name}`, "data-view": name, "aria-controls": "panel",
    onclick: () => show(name),
  }));
  const tablist = h("div", { role: "tablist", class: "ms-d-tabs", onkeydown: (event: KeyboardEvent) => {
    const at = VIEWS.indexOf(view);
    const next = event.key === "ArrowRight" ? at + 1 : event.key === "ArrowLeft" ? at - 1 : -9;
    if (next === -9) return;
    show(VIEWS[(next + VIEWS.length) % VIEWS.length]!);
    tabs[VIEWS.indexOf(view)]!.focus();
    event.preventDefault();
  } }, ...tabs);
  const counts = h("span", { class: "ms-dim", id: "counts" });
  const live = h("input", { type: "checkbox", checked: true });
  const dark = h("button", { type: "button", class: "ms-toggle", "data-action": "dark" });
  const english = h("button", { type: "button", class: "ms-toggle", lang: "en", "data-language": "en" }, "EN");
  const chinese = h("button", { type: "button", class: "ms-toggle", lang: "zh-CN", "data-language": "zh" }, "中文");
  const liveText = h("span");
  const runFilter = h("input", { type: "search", id: "run-filter" });
  const all = h("button", { type: "button", "data-action": "all" });
  const none = h("button", { type: "button", "data-action": "none" });
  const runList = h("ul", { class: "ms-d-runs" });
  const notes = h("div", { role: "status" });
  const tagFilter = h("input", { type: "search", id: "tag-filter" });
  const smoothing = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: 0, id: "smoothing" });
  const log = h("button", { type: "button", class: "ms-toggle", "data-action": "log", "aria-pressed": "false" });
  const axis = h("select", { id: "axis" }, ...(["step", "relative", "wall"] as const).map((a) => h("option", { value: a })));
  const brightness = h("input", { type: "range", min: 0, max: 3, step: 0.05, value: 1, id: "brightness" });
  const contrast = h("input", { type: "range", min: 0, max: 3, step: 0.05, value: 1, id: "contrast" });
  const ridges = h("select", { id: "ridges" }, ...(["ridge", "overlay"] as const).map((r) => h("option", { value: r })));
  const choice = h("select", { id: "graph-run" });
  const labelled = (key: string, control: HTMLElement, views: string) =>
    h("label", { class: "ms-d-control", "data-for": views }, h("span", { "data-word": key }), control);
  const controls = h("div", { class: "ms-bar ms-d-controls" },
    labelled("filterTags", tagFilter, "scalars histograms images tensors"),
    labelled("smoothing", smoothing, "scalars"), labelled("xaxis", axis, "scalars histograms"),
    labelled("ridges", ridges, "histograms"),
    h("span", { "data-for": "scalars" }, log),
    labelled("brightness", brightness, "images"), labelled("contrast", contrast, "images"),
    labelled("choose", choice, "graph data"));
  const body = h("div", { class: "ms-d-body", id: "panel", role: "tabpanel", tabindex: -1 });
  const side = h("aside", {}, h("div", { class: "ms-bar" }, h("h2", { "data-word": "runs" }), all, none),
    runFilter, runList, notes);
  root.append(h("header", { class: "ms-bar" }, title, tablist, counts,
    h("label", { class: "ms-d-control ms-push" }, live, liveText), dark, english, chinese),
  h("div", { class: "ms-d-split" }, side, h("div", { class: "ms-d-main" }, controls, body)));

  const graph = new GraphPane(board, body, choice);

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const card = [...cards.values()].find((c) => c.element === entry.target);
      if (card) { card.visible = entry.isIntersecting; void card.update(); }
    }
    board.tellPointed();
  }, { rootMargin: "200px" });

  // -- drawing --------------------------------------------------------------------------------
  const wantedCards = (): [string, () => Card][] => {
    if (view === "scalars") {
      return board.tags("scalars").map((tag) => [`scalars ${tag}`, () => new ChartCard(board, tag)]);
    }
    if (view !== "histograms" && view !== "images" && view !== "tensors") return [];
    const kind = view, Kind = CARDS[kind];
    return board.tags(kind).flatMap((tag) => board.chosen().filter((run) => tag in run[kind])
      .map((run): [string, () => Card] => [`${kind} ${run.number} ${tag}`, () => new Kind(board, run, tag)]));
  };

  const graphic = () => view === "graph" || view === "data";
  const draw = () => {
    const wanted = wantedCards().slice(0, MOST_CARDS);
    const keys = JSON.stringify([view, wanted.map(([key]) => key), board.language]);
    if (keys !== shape) {
      shape = keys;
      const before = cards;
      cards = new Map(wanted.map(([key, make]) => [key, before.get(key) ?? make()]));
      for (const [key, card] of before) if (!cards.has(key)) { seen.unobserve(card.element); card.destroy(); }
      if (!graphic()) graph.leave();
      if (view === "table") body.replaceChildren(table.element);
      else if (!graphic()) {
        body.replaceChildren(...(cards.size ? [h("div", { class: "ms-d-grid" }, ...[...cards.values()].map((c) => c.element))]
          : [h("p", { class: "ms-d-empty" }, t(!board.listing.runs.length ? "empty" : board.chosen().length ? "nothing" : "noneChosen"))]));
      }
      for (const [key, card] of cards) if (!before.has(key)) seen.observe(card.element);
    }
    for (const card of cards.values()) void card.update();
    if (view === "table") table.update();
    if (graphic()) void graph.draw(view === "data" ? "data" : "computation");
  };

  const drawRuns = () => {
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.["run"];
    runList.replaceChildren(...board.listed().map((run) => {
      const box = h("input", { type: "checkbox", checked: !board.hidden.has(run.name), "data-run": run.name, onchange: () => {
        if (!board.hidden.delete(run.name)) board.hidden.add(run.name);
        draw();
      } });
      if (run.name === focused) queueMicrotask(() => box.focus());
      return h("li", {}, h("label", {}, box,
        h("i", { style: `--ink: ${board.ink(run.number)}`, class: board.dashed(run.number) ? "ms-d-dash" : "" }),
        h("span", { class: "ms-d-name", title: run.name }, run.name)));
    }));
  };

  const drawNotes = () => {
    const texts = board.chosen().filter((run) => Object.keys(run.skipped).length).map((run) => `${run.name}: ${t("skipped", {
      count: Object.values(run.skipped).reduce((a, b) => a + b, 0), reasons: Object.keys(run.skipped).map((reason) => t(reason)).join(", "),
    })}`);
    if (!board.listing.complete) texts.push(t("incomplete"));
    if (lost) texts.push(t("lost"));
    if (notes.textContent !== texts.join("")) notes.replaceChildren(...texts.map((text) => h("p", { class: "ms-note" }, text)));
    const points = board.listing.runs.reduce((sum, run) => sum + Object.values(run.scalars).reduce((a, [n]) => a + n, 0), 0);
    counts.textContent = t("counts", { runs: board.listing.runs.length, points: integer(points) });
  };

  const label = () => {
    root.lang = document.documentElement.lang = board.language === "zh" ? "zh-CN" : "en";
    root.classList.toggle("ms-dark", board.dark);
    document.body.classList.toggle("ms-d-dark", board.dark);
    document.body.dataset["jpThemeLight"] = String(!board.dark); // widgets on the page look there
    document.title = `${t("title")} · ${board.listing.base}`;
    title.textContent = t("title");
    tablist.setAttribute("aria-label", t("views"));
    for (const tab of tabs) {
      const on = tab.dataset["view"] === view;
      tab.textContent = t(tab.dataset["view"]!);
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    for (const word of root.querySelectorAll<HTMLElement>("[data-word]")) word.textContent = t(word.dataset["word"]!);
    for (const part of controls.querySelectorAll<HTMLElement>("[data-for]")) part.hidden = !part.dataset["for"]!.split(" ").includes(view);
    controls.hidden = view === "table";
    for (const option of [...axis.options, ...ridges.options]) option.textContent = t(option.value);
    for (const box of [runFilter, tagFilter]) {
      const text = t(box === runFilter ? "filterRuns" : "filterTags");
      box.setAttribute("aria-label", text);
      box.placeholder = text;
    }
    liveText.textContent = t("live");
    dark.textContent = t("theme");
    dark.setAttribute("aria-pressed", String(board.dark));
    english.setAttribute("aria-pressed", String(board.language === "en"));
    chinese.setAttribute("aria-pressed", String(board.language === "zh"));
    all.textContent = t("all");
    none.textContent = t("none");
    log.textContent = t("log");
    body.setAttribute("aria-labelledby", `tab-${view}`);
    drawNotes();
  };

  const show = (next: View) => {
    view = next;
    label();
    draw();
  };
  const redraw = () => { for (const card of cards.values()) card.redraw?.(); };
  const keep = () => {
    board.keep();
    state.change("language", board.language);
    label();
    drawRuns();
    draw();
    redraw();
    for (const told of board.changed) told();
  };

  dark.addEventListener("click", () => { board.dark = !board.dark; keep(); });
  english.addEventListener("click", () => { board.language = "en"; keep(); });
  chinese.addEventListener("click", () => { board.language = "zh"; keep(); });
  runFilter.addEventListener("input", () => { board.runFilter = runFilter.value; drawRuns(); draw(); });
  tagFilter.addEventListener("input", () => { board.tagFilter = tagFilter.value; draw(); });
  all.addEventListener("click", () => { for (const run of board.listed()) board.hidden.delete(run.name); drawRuns(); draw(); });
  none.addEventListener("click", () => { for (const run of board.listed()) board.hidden.add(run.name); drawRuns(); draw(); });
  smoothing.addEventListener("input", () => { board.smoothing = Number(smoothing.value); draw(); });
  axis.addEventListener("change", () => { board.axis = axis.value as Board["axis"]; board.point(null); draw(); redraw(); });
  ridges.addEventListener("change", () => { board.ridges = ridges.value as Board["ridges"]; redraw(); });
  log.addEventListener("click", () => { board.log = !board.log; log.setAttribute("aria-pressed", String(board.log)); draw(); });
  choice.addEventListener("change", () => draw());
  const light = () => { body.style.setProperty("--light", brightness.value); body.style.setProperty("--contrast", contrast.value); };
  brightness.addEventListener("input", light);
  contrast.addEventListener("input", light);
  addEventListener("resize", () => draw());

  // -- every second ---------------------------------------------------------------------------
  let lost = false;
  let names = "";
  const look = async () => {
    if (live.checked && !document.hidden) {
      try {
        board.take(await listing());
        lost = false;
        const now = JSON.stringify(board.listing.runs.map((run) => run.name));
        if (now !== names) { names = now; drawRuns(); }
        draw();
      } catch {
        lost = true;
      }
      drawNotes();
    }
    setTimeout(() => void look(), EVERY);
  };
  label();
  drawRuns();
  void look();
}

const place = document.getElementById("dashboard");
if (place) start(place);

// Pictures over the steps of a training: a contact sheet, a slider, and one picture's pixels.
import { download } from "./curves-export";
import { SharedCursor, nearest } from "./cursor";
import { LightControls, keepKeys } from "./images-light";
import { Sheet } from "./images-sheet";
import { words } from "./images-words";
import { type Values, Zoom } from "./images-zoom";
import { type Model, announcer, float64, followTheme, h, integer, translator } from "./shared";

interface Info { version: number; scale: string; title: string; tags: { name: string; steps: number[] }[] }
interface Facts {
  count: number; first: number; columns: number; tiles: number; tile: [number, number]; block: number;
  size: [number, number, number]; channel: number; dtype: string; format: string;
  low: number[]; high: number[]; bad: number[];
}
type Ask = Record<string, string | number | null>;

const CACHE = 24;
const PACE = 350; // ms between two steps of the film

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const info = (): Info => model.get("info");
  let tag = 0;
  let at = Math.max((info().tags[0]?.steps.length ?? 1) - 1, 0); // the last step: what is now
  let channel = -1;
  let scale = info().scale;
  let page = 0;
  let chosen = -1; // number of a picture in the whole batch
  let facts: Facts | null = null;
  let values: Values | null = null;
  let pixels = ""; // the picture whose values these are
  let playing = 0;
  let answered = ""; // the question whose answer is on the page
  const known = new Map<string, { facts: Facts; png: DataView }>();

  const title = h("h3", { class: "ms-title" });
  const total = h("span", { class: "ms-dim" });
  const root = h("section", { class: "ms ms-images" });
  const say = announcer(root);
  const select = (action: string, change: (value: string) => void) =>
    h("select", { "data-action": action, onchange: (event: Event) => change((event.target as HTMLSelectElement).value) });
  const tags = select("tag", (value) => {
    tag = Number(value);
    at = info().tags[tag]!.steps.length - 1;
    [page, channel, chosen] = [0, -1, -1];
    zoom.clear(t("pick"));
    fresh();
  });
  const channels = select("channel", (value) => { channel = Number(value); ask(); });
  const scales = select("scale", (value) => { scale = value; ask(); });
  const play = h("button", { type: "button", "data-action": "play", onclick: () => (playing ? halt() : start()) });
  const slider = h("input", { type: "range", min: 0, step: 1, "data-action": "step", oninput: () => {
    halt();
    at = Number(slider.value);
    fresh();
    cursor.tell(steps()[at]!);
  } });
  const where = h("output", { class: "ms-i-where" });
  const names: Record<string, HTMLElement> = {};
  const labelled = (key: string, ...controls: HTMLElement[]) =>
    h("label", {}, (names[key] = h("span")), ...controls);
  const transport = h("span", { class: "ms-i-transport" }, play, labelled("step", slider), where);
  const tagPick = labelled("tag", tags);
  const channelPick = labelled("channel", channels);
  const light = new LightControls(t, root, () => { zoom?.redraw(); note(); });
  const zoom: Zoom = new Zoom(t, say, light.light);
  const sheet = new Sheet((k) => {
    chosen = (facts?.first ?? 0) + k;
    askTile();
  });
  const turn = (by: number, key: string) => h("button", {
    type: "button", "data-action": key, onclick: () => { page += by; ask(); },
  });
  const [earlier, later, pages] = [turn(-1, "earlier"), turn(1, "later"), h("span")];
  const pager = h("div", { class: "ms-bar ms-i-pager" }, earlier, pages, later);
  const ranges = h("div", { class: "ms-i-range ms-dim" });
  const notes = h("div", { role: "status" });
  const save = h("button", { type: "button", "data-action": "png", onclick: () => {
    const now = known.get(key(question()));
    const name = `${info().tags[tag]!.name}-${steps()[at]}`.replace(/[^\p{L}\p{N}._-]+/gu, "-");
    if (now) download(`${name}.png`, new Blob([now.png as DataView<ArrayBuffer>], { type: "image/png" }));
  } }, "PNG");
  const waiting = h("div", { class: "ms-dim" });
  root.prepend(h("div", { class: "ms-bar" }, title, total),
    h("div", { class: "ms-bar ms-i-controls" }, tagPick, transport, channelPick, labelled("scale", scales), light.element, save),
    ranges, notes, h("div", { class: "ms-i-panes" }, h("div", {}, waiting, sheet.element, pager), zoom.element));
  keepKeys(root);
  el.append(root);

  const steps = () => info().tags[tag]?.steps ?? [];
  let pointing = 0; // a chart's cursor runs over many steps: the last one of a moment is shown
  const cursor = new SharedCursor((x, axis) => {
    const k = x === null || axis !== "step" || playing ? -1 : nearest(steps(), x);
    clearTimeout(pointing);
    if (k >= 0 && k !== at) pointing = setTimeout(() => { at = k; fresh(); }, 100);
  });
  const question = (): Ask => ({ type: "sheet", tag, step: at, channel, scale, page });
  const key = (q: Ask) => JSON.stringify([q["tag"], q["step"], q["channel"], q["scale"], q["page"]]);

  const picture = () => JSON.stringify([tag, at, chosen]);

  const ask = () => {
    const found = known.get(key(question()));
    save.disabled = !found; // until its file is here
    if (found) { draw(found.facts, found.png); return; }
    model.send(question());
  };
  const askTile = () => {
    if (chosen >= 0) model.send({ type: "tile", tag, step: at, number: chosen });
  };
  /** Another step: its sheet, and the chosen picture's pixels in it. */
  const fresh = () => { drawControls(); ask(); askTile(); };

  const halt = () => { clearTimeout(playing); playing = 0; drawPlay(); };
  const start = () => {
    const next = () => {
      // One step at a time: the film never runs ahead of its pictures.
      if (answered === key(question())) {
        at = (at + 1) % steps().length;
        fresh();
      }
      playing = setTimeout(next, PACE);
    };
    playing = 1;
    next();
    drawPlay();
  };

  const drawPlay = () => {
    play.textContent = t(playing ? "pause" : "play");
    play.setAttribute("aria-pressed", String(playing !== 0));
  };

  const drawControls = () => {
    const list = steps();
    at = Math.min(at, list.length - 1);
    tagPick.hidden = info().tags.length < 2;
    transport.hidden = list.length < 2;
    slider.max = String(list.length - 1);
    slider.value = String(at);
    where.textContent = t("at", { step: integer(list[at] ?? 0), k: at + 1, n: list.length });
    slider.setAttribute("aria-valuetext", where.textContent);
    tags.replaceChildren(...info().tags.map((one, k) => h("option", { value: k, selected: k === tag }, one.name)));
    const offered = [...(info().scale === "given" ? ["given"] : []), "auto", "step", "image"];
    const said: Record<string, string> = { given: "given", auto: "auto", step: "perStep", image: "perImage" };
    scales.replaceChildren(...offered.map((one) => h("option", { value: one, selected: one === scale }, t(said[one]!))));
    drawPlay();
  };

  const note = () => {
    if (!facts) return;
    const same = facts.low.every((v) => v === facts!.low[0]) && facts.high.every((v) => v === facts!.high[0]);
    ranges.textContent = same ? light.words(facts.low[0]!, facts.high[0]!) : t("each");
  };

  const draw = (now: Facts, png: DataView) => {
    facts = now;
    answered = key(question());
    save.disabled = false;
    waiting.textContent = "";
    const [height, width, depth] = now.size;
    const size = `${height} × ${width}${depth > 1 ? ` × ${depth}` : ""}`;
    total.textContent = t(now.count === 1 ? "fact" : "facts", {
      count: integer(now.count), size, dtype: now.dtype, format: [...now.format].join(", "),
    }) + (now.block > 1 ? ` · ${t("joined", { k: now.block })}` : "");
    channelPick.hidden = depth < 2;
    const offered = [...(depth === 3 || depth === 4 ? [-1] : []), ...Array(depth).keys()];
    channels.replaceChildren(...offered.map((k) =>
      h("option", { value: k, selected: k === now.channel }, k < 0 ? t("colour") : String(k))));
    sheet.draw(t("sheet"), Array.from({ length: now.tiles }, (_, k) => {
      const bad = now.bad[k]! ? `, ${t("badTile", { count: now.bad[k]! })}` : "";
      return { label: t("picture", { k: now.first + k }) + bad, lines: [], mark: now.bad[k] ? "flagged" : undefined };
    }), { columns: now.columns, tile: now.tile, png }, Math.max(chosen - now.first, -1));
    pager.hidden = now.count <= now.tiles;
    pages.textContent = t("page", { from: now.first, to: now.first + now.tiles - 1, count: integer(now.count) });
    earlier.textContent = "←";
    later.textContent = "→";
    earlier.setAttribute("aria-label", t("earlier"));
    later.setAttribute("aria-label", t("later"));
    earlier.disabled = now.first === 0;
    later.disabled = now.first + now.tiles >= now.count;
    const bad = now.bad.reduce((a, b) => a + b, 0);
    notes.replaceChildren(...(bad ? [h("div", { class: "ms-note" }, t("bad", { count: integer(bad) }))] : []));
    note();
    drawZoom();
  };

  const drawZoom = () => {
    if (!facts || !values || chosen < 0) { zoom.clear(t("pick")); return; }
    if (pixels !== picture()) return; // the values are under way: no name without its picture
    const k = Math.min(Math.max(chosen - facts.first, 0), facts.tiles - 1);
    const step = steps().length > 1 ? ` · ${t("ofStep", { step: integer(steps()[at]!) })}` : "";
    zoom.show(t("picture", { k: chosen }) + step, values,
      { channel: facts.channel, low: facts.low[k]!, high: facts.high[k]! });
  };

  const take = (message: any, buffers: DataView[]) => {
    if (message?.type === "problem") {
      waiting.textContent = "";
      notes.replaceChildren(h("div", { class: "ms-note" }, message.text));
      answered = key(message.ask);
    } else if (message?.type === "sheet") {
      known.set(key(message.ask), { facts: message, png: buffers[0]! });
      if (known.size > CACHE) known.delete(known.keys().next().value!);
      if (key(message.ask) === key(question())) draw(message, buffers[0]!);
    } else if (message?.type === "tile") {
      const asked = message.ask;
      if (asked.tag !== tag || asked.step !== at || asked.number !== chosen) return;
      values = { ...message, cells: float64(buffers[0]!) };
      pixels = picture();
      drawZoom();
    }
  };

  const label = () => {
    root.lang = model.get("language") === "zh" ? "zh-CN" : "en";
    title.textContent = info().title || t("images");
    root.setAttribute("aria-label", title.textContent);
    for (const [name, span] of Object.entries(names)) span.textContent = t(name);
    light.label();
    save.title = t("saveSheet");
    save.setAttribute("aria-label", t("saveSheet"));
    if (!facts) waiting.textContent = t("wait");
    drawControls();
    if (!facts) drawZoom();
    ask();
  };
  const renewed = () => {
    // Whoever looks at the last step goes on looking at the last one.
    const last = at >= Number(slider.max);
    known.clear();
    if (last) at = steps().length - 1;
    fresh();
  };

  model.on("msg:custom", take);
  model.on("change:info", renewed);
  model.on("change:language", label);
  const stopTheme = followTheme(root);
  label();
  return () => {
    halt();
    clearTimeout(pointing);
    cursor.stop();
    stopTheme();
    sheet.stop();
    model.off("msg:custom", take);
    model.off("change:info", renewed);
    model.off("change:language", label);
  };
}

export default { render };

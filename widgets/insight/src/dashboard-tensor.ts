// A recorded tensor as a table: which part is the reader's to say, as NumPy indexes it.
import { download } from "./curves-export";
import { Card } from "./dashboard-cards";
import { type Figures, Refused, type RunInfo, type Table, npyOf, stepsOf, tensorTable } from "./dashboard-data";
import { fileName } from "./dashboard-export";
import { tool } from "./dashboard-tools";
import { h, integer, number } from "./shared";

const FORMATS = ["decimal", "scientific"] as const;

export class TensorCard extends Card<[number, number][]> {
  private index = h("input", { type: "text", spellcheck: "false", autocomplete: "off", class: "ms-d-index" });
  private format = h("select", { "data-choice": "format" }, ...FORMATS.map((name) => h("option", { value: name })));
  private digits = h("select", { "data-choice": "digits" }, ...[2, 3, 4, 6, 8].map((n) => h("option", { value: n }, String(n))));
  private shape = h("span", { class: "ms-dim" });
  private problem = h("p", { class: "ms-note", role: "alert", hidden: true });
  private figures = h("div", { class: "ms-d-figures" });
  private cells = h("div", { class: "ms-d-cells", tabindex: 0, role: "region" });
  private npy = tool("npy", ".npy", () => void this.save());
  private table: Table | null = null;
  private wanted = "";

  constructor(...given: ConstructorParameters<typeof Card>) {
    super(...given);
    this.element.classList.add("ms-d-tensor");
    this.bar.prepend(this.npy.element);
    this.digits.value = "4";
    this.index.addEventListener("change", () => void this.fetch());
    for (const choice of [this.format, this.digits]) choice.addEventListener("change", () => this.fill());
    this.body.append(h("div", { class: "ms-bar" }, this.shape, h("label", { class: "ms-d-control" }, h("span", { "data-say": "index" }), this.index),
      h("label", { class: "ms-d-control" }, h("span", { "data-say": "format" }), this.format), h("label", { class: "ms-d-control" }, h("span", { "data-say": "digits" }), this.digits)),
    this.problem, this.figures, this.cells);
  }

  protected count(run: RunInfo) { return run.tensors[this.tag] ?? 0; }
  protected async ask() { return stepsOf("tensors", this.run.number, this.tag); }
  protected last(steps: [number, number][]) { return steps.length - 1; }
  protected moments(steps: [number, number][]) { return steps; }

  protected draw(): void {
    const { board } = this;
    const step = this.data![this.at]?.[0] ?? 0;
    this.caption.textContent = board.t("at", { step: integer(step) });
    this.slider.setAttribute("aria-valuetext", this.caption.textContent);
    this.npy.label(board.t);
    for (const span of this.body.querySelectorAll<HTMLElement>("[data-say]")) span.textContent = board.t(`tensor_${span.dataset["say"]}`);
    for (const option of this.format.options) option.textContent = board.t(option.value);
    this.cells.setAttribute("aria-label", board.t("imageOf", { tag: this.tag, run: this.run.name, step: integer(step) }));
    void this.fetch();
  }

  private async fetch(): Promise<void> {
    const place = this.at, asked = `${place} ${this.index.value}`;
    this.wanted = asked;
    try {
      const table = await tensorTable(this.run.number, this.tag, place, this.index.value);
      if (this.wanted !== asked) return; // the slider has moved on
      this.table = table;
      this.problem.hidden = true;
      this.index.removeAttribute("aria-invalid");
      if (!this.index.value) this.index.placeholder = table.index;
      this.fill();
    } catch (error) {
      if (this.wanted !== asked) return;
      this.index.setAttribute("aria-invalid", "true");
      this.problem.textContent = error instanceof Refused && error.status === 400 ? error.message : this.board.t("broken");
      this.problem.hidden = false;
    }
  }

  private text(value: number): string {
    if (!Number.isFinite(value)) return number(value);
    const digits = Number(this.digits.value);
    return (this.format.value === "scientific" ? value.toExponential(digits) : value.toFixed(digits)).replace("-", "−").replace("e+", "e").replace("e-", "e−");
  }

  private fill(): void {
    const { table, board } = this;
    if (!table) return;
    const [rows, columns] = table.shown;
    this.shape.textContent = `(${table.shape.join(", ")}${table.shape.length === 1 ? "," : ""})`;
    const figures = (name: string, f: Figures) => h("tr", {}, h("th", { scope: "row" }, board.t(name)),
      ...(["min", "max", "mean", "std"] as const).map((key) => h("td", { "data-figure": key }, f[key] === undefined ? "–" : number(Number(f[key])))),
      h("td", {}, integer(f.zeros ?? 0)), h("td", {}, integer(f.bad)), h("td", {}, integer(f.size)));
    this.figures.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("td", {}),
      ...["min", "max", "mean", "std", "zeros", "bad", "size"].map((key) => h("th", { scope: "col" }, board.t(`figure_${key}`))))),
    h("tbody", {}, figures("whole", table.all), figures("part", table.part))));
    let top = 0;
    for (const v of table.cells) if (Number.isFinite(v)) top = Math.max(top, Math.abs(v));
    const rowLabels = table.free === 2 ? table.labels[0]! : [], columnLabels = table.labels.at(-1) ?? [];
    const corner = table.axes.map((axis, k) => `${board.t("axis", { axis })} ${k + 1 < table.free ? "↓" : "→"}`).join(" ");
    const body = Array.from({ length: rows }, (_, r) => h("tr", {}, h("th", { scope: "row" }, rowLabels[r] === undefined ? "" : String(rowLabels[r])),
      ...Array.from({ length: columns }, (_, c) => {
        const value = table.cells[r * columns + c]!;
        const share = top && Number.isFinite(value) ? Math.round(70 * Math.sqrt(Math.abs(value) / top)) : 0;
        return h("td", {
          class: Number.isFinite(value) ? null : "ms-d-bad",
          style: share ? `--hot: var(${value < 0 ? "--ms-c0" : "--ms-c1"}); --part: ${share}%` : null,
        }, this.text(value));
      })));
    this.cells.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("th", { class: "ms-dim" }, corner),
      ...Array.from({ length: columns }, (_, c) => h("th", { scope: "col" }, columnLabels[c] === undefined ? "" : String(columnLabels[c]))))),
    h("tbody", {}, ...body)),
    ...(rows < table.rows || columns < table.columns
      ? [h("p", { class: "ms-dim" }, board.t("cut", { rows, columns, all: `${table.rows} × ${table.columns}` }))] : []));
  }

  private async save(): Promise<void> {
    const step = this.data?.[this.at]?.[0] ?? 0;
    download(`${fileName(this.tag)}-${step}.npy`, await npyOf(this.run.number, this.tag, this.at));
  }
}

// Lines of text of which some stand for operations. Thousands of them: one listener for all, and
// what is scrolled away is neither laid out nor painted (the browser still finds words in it).
import { h } from "./shared";

export interface Line { label: string; text: string; operations: number[]; head?: boolean }

const CHUNK = 64; // lines
const HEIGHT = 18; // pixels, as in compile.css
const plain = h("div", { class: "ms-c-row" }, h("span", { class: "ms-c-no", "aria-hidden": "true" }), h("code"));
const button = plain.cloneNode(true) as HTMLElement;
button.setAttribute("role", "button");
button.tabIndex = -1;

export class Rows {
  readonly element = h("div", { class: "ms-c-rows" });
  private readonly rows: HTMLElement[] = []; // those that can be chosen
  private readonly meaning = new Map<Element, number[]>();
  private readonly of = new Map<number, HTMLElement[]>(); // by operation
  private on: HTMLElement[] = [];

  constructor(lines: Line[], choose: (operations: number[]) => void) {
    let chunk = this.element, longest = 0;
    lines.forEach(({ label, text, operations, head }, k) => {
      if (k % CHUNK === 0) {
        const height = Math.min(CHUNK, lines.length - k) * HEIGHT;
        chunk = h("div", { class: "ms-c-chunk", style: `contain-intrinsic-height: ${height}px` });
        this.element.append(chunk);
      }
      const row = (operations.length ? button : plain).cloneNode(true) as HTMLElement;
      row.firstChild!.textContent = label;
      row.lastChild!.textContent = text || " ";
      if (head) row.classList.add("ms-c-file");
      longest = Math.max(longest, text.length + text.replace(/[\x20-\x7e]/g, "").length); // wide letters count twice
      chunk.append(row);
      if (!operations.length) return;
      this.rows.push(row);
      this.meaning.set(row, operations);
      for (const op of operations) (this.of.get(op) ?? this.of.set(op, []).get(op)!).push(row);
    });
    this.element.style.minWidth = `max(100%, ${longest + 9}ch)`;
    if (this.rows[0]) this.rows[0].tabIndex = 0; // one stop of the Tab key; arrows go on
    const at = (event: Event) => (event.target as Element).closest<HTMLElement>(".ms-c-row[role]");
    const pick = (row: HTMLElement | null) => { if (row) choose(this.meaning.get(row)!); };
    this.element.addEventListener("click", (event) => pick(at(event)));
    this.element.addEventListener("keydown", (event) => {
      const row = at(event), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!row || (!step && event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      if (!step) return pick(row);
      const next = this.rows[this.rows.indexOf(row) + step];
      if (!next) return;
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }

  /** Show which lines belong to these operations; returns them. */
  mark(operations: Iterable<number>): HTMLElement[] {
    for (const row of this.on) row.classList.remove("ms-c-on");
    this.on = [...new Set([...operations].flatMap((op) => this.of.get(op) ?? []))];
    for (const row of this.on) row.classList.add("ms-c-on");
    return this.on;
  }
}

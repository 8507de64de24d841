// A contact sheet: many pictures cut out of one PNG file, each a choice.
import "./images.css";
import { h, onceAFrame } from "./shared";

export interface Tile { label: string; lines: string[]; mark?: "right" | "wrong" | "flagged" | undefined }
export interface Sprite { columns: number; tile: [number, number]; png: DataView | undefined }

export class Sheet {
  readonly element = h("div", { class: "ms-i-sheet", role: "listbox", tabindex: -1 });
  private address = "";
  private items: HTMLElement[] = [];

  constructor(private choose: (k: number) => void) {
    this.element.addEventListener("click", (event) => {
      const k = this.items.indexOf((event.target as HTMLElement).closest<HTMLElement>(".ms-i-tile")!);
      if (k >= 0) { this.select(k); this.choose(k); }
    });
    this.element.addEventListener("keydown", (event) => {
      const k = this.items.indexOf(document.activeElement as HTMLElement);
      if (k < 0) return;
      const across = this.items.filter((item) => item.offsetTop === this.items[0]!.offsetTop).length;
      const last = this.items.length - 1;
      const next = {
        ArrowLeft: k - 1, ArrowRight: k + 1, ArrowUp: k - across, ArrowDown: k + across,
        Home: 0, End: last, Enter: k, " ": k,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const to = Math.min(Math.max(next, 0), last);
      this.select(to, true);
      this.tell(to);
    });
  }

  // Holding an arrow key down asks for the last picture only.
  private wanted = -1;
  private readonly told = onceAFrame(() => this.choose(this.wanted));
  private tell(k: number): void { this.wanted = k; this.told(); }

  select(k: number, focus = false): void {
    this.items.forEach((item, i) => {
      item.setAttribute("aria-selected", String(i === k));
      item.tabIndex = i === Math.max(k, 0) ? 0 : -1;
    });
    if (focus) this.items[k]?.focus();
  }

  /** Draw tiles; number `chosen` of them is the chosen one, if any. */
  draw(label: string, tiles: Tile[], sprite: Sprite, chosen: number): void {
    const focused = this.element.contains(document.activeElement);
    const before = this.address;
    this.address = sprite.png
      ? URL.createObjectURL(new Blob([sprite.png as DataView<ArrayBuffer>], { type: "image/png" })) : "";
    const now = this.address;
    const put = () => {
      if (now === this.address) this.element.style.setProperty("--ms-i-png", now ? `url("${now}")` : "none");
      if (before) URL.revokeObjectURL(before);
    };
    // Decoded first: a film would flicker otherwise.
    const picture = new Image();
    picture.src = now;
    void picture.decode().then(put, put);
    this.element.setAttribute("aria-label", label);
    const [high, wide] = sprite.tile;
    const aim = tiles.length === 1 ? 320 : tiles.length <= 12 ? 128 : 72;
    // Whole multiples keep pixels square; a picture larger than that is scaled to fit.
    const longest = Math.max(high, wide);
    const zoom = longest <= aim ? Math.floor(aim / longest) : aim / longest;
    const [width, height] = [wide * zoom, high * zoom];
    const rows = Math.ceil(tiles.length / sprite.columns);
    // Kept while they can be: a click on a tile that is replaced meanwhile would be lost.
    while (this.items.length < tiles.length) {
      const item = h("div", { role: "option", "data-tile": this.items.length }, h("span", { class: "ms-i-picture" }, h("i")));
      this.items.push(item);
      this.element.append(item);
    }
    for (const item of this.items.splice(tiles.length)) item.remove();
    tiles.forEach((tile, k) => {
      const item = this.items[k]!;
      const frame = item.firstElementChild as HTMLElement, cut = frame.firstElementChild as HTMLElement;
      const [row, column] = [Math.floor(k / sprite.columns), k % sprite.columns];
      cut.style.backgroundSize = `${sprite.columns * width}px ${rows * height}px`;
      cut.style.backgroundPosition = `${-column * width}px ${-row * height}px`;
      frame.style.width = `${width}px`;
      frame.style.height = `${height}px`;
      item.className = `ms-i-tile${tile.mark ? ` ms-i-${tile.mark}` : ""}`;
      item.setAttribute("aria-label", tile.label);
      item.title = tile.label;
      for (const line of item.querySelectorAll("small")) line.remove();
      item.append(...tile.lines.map((line) => h("small", {}, line)));
    });
    this.element.style.setProperty("--ms-i-wide", `${Math.max(width, tiles.some((t) => t.lines.length) ? 64 : 0)}px`);
    this.select(chosen < tiles.length ? chosen : -1);
    if (focused) this.items[Math.max(chosen, 0)]?.focus();
  }

  stop(): void { if (this.address) URL.revokeObjectURL(this.address); }
}

// Moving and zooming the picture.
import type { Box } from "./graph-layout";

export const READABLE = 0.5; // below this scale names cannot be read

export class View {
  x = 0; y = 0; scale = 1;
  moved = false; // whether the last press was a drag
  touched = false; // whether the learner has moved or zoomed the picture
  private press: { id: number; x: number; y: number; dx: number; dy: number } | null = null;
  private readonly ends = new AbortController();

  constructor(readonly svg: SVGSVGElement, readonly layer: SVGElement, readonly changed: () => unknown) {
    const { signal } = this.ends;
    svg.addEventListener("wheel", (event) => {
      // A notebook must stay scrollable: a plain wheel zooms only once the graph has the focus.
      if (!event.ctrlKey && !svg.contains(document.activeElement)) return;
      event.preventDefault();
      const at = svg.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - at.left, event.clientY - at.top);
    }, { passive: false, signal });
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.moved = false;
      this.press = { id: event.pointerId, x: event.clientX, y: event.clientY, dx: this.x, dy: this.y };
      if (!(event.target as Element).closest(".ms-g-item[data-key]:not(.ms-g-frame)")) svg.focus({ preventScroll: true });
    }, { signal });
    svg.addEventListener("pointermove", (event) => {
      const press = this.press;
      if (!press || press.id !== event.pointerId) return;
      const dx = event.clientX - press.x, dy = event.clientY - press.y;
      if (!this.moved && Math.hypot(dx, dy) < 4) return;
      if (!this.moved) svg.setPointerCapture(event.pointerId);
      this.moved = this.touched = true;
      svg.classList.add("ms-g-drag");
      this.x = press.dx + dx; this.y = press.dy + dy;
      this.apply();
    }, { signal });
    const release = () => { this.press = null; svg.classList.remove("ms-g-drag"); };
    svg.addEventListener("pointerup", release, { signal });
    svg.addEventListener("pointercancel", release, { signal });
  }

  stop(): void { this.ends.abort(); }
  get width(): number { return this.svg.clientWidth || 800; }
  get height(): number { return this.svg.clientHeight || 540; }

  apply(): void {
    this.layer.setAttribute("transform", `translate(${this.x.toFixed(2)} ${this.y.toFixed(2)}) scale(${this.scale.toFixed(4)})`);
    this.changed();
  }
  toScreen(x: number, y: number): { x: number; y: number } { return { x: this.x + x * this.scale, y: this.y + y * this.scale }; }

  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const scale = Math.min(Math.max(this.scale * factor, 0.05), 4);
    const k = scale / this.scale;
    this.touched = true;
    this.x = x - (x - this.x) * k; this.y = y - (y - this.y) * k; this.scale = scale;
    this.apply();
  }
  fitScale(width: number, height: number): number {
    return Math.min(this.width / width, this.height / height, 1.1);
  }
  /** The whole picture, in the middle. */
  fit(width: number, height: number): void {
    if (!width || !height) return;
    this.scale = this.fitScale(width, height);
    this.touched = false;
    this.x = (this.width - width * this.scale) / 2;
    this.y = (this.height - height * this.scale) / 2;
    this.apply();
  }
  /** At first: the whole picture, or of one that would be too small to read its beginning. */
  begin(width: number, height: number): void {
    this.fit(width, height);
    if (this.scale >= READABLE) return;
    this.scale = 0.8;
    this.x = Math.max((this.width - width * this.scale) / 2, 8);
    this.y = Math.max((this.height - height * this.scale) / 2, 8);
    this.apply();
  }
  holdAt(x: number, y: number, at: { x: number; y: number }): void {
    this.x = at.x - x * this.scale; this.y = at.y - y * this.scale;
    this.apply();
  }
  /** After folding: bring back a picture that would lie outside the window, or hang on its edge. */
  keepInside(width: number, height: number): void {
    const slack = 60;
    const w = width * this.scale, h = height * this.scale;
    const clamp = (v: number, size: number, room: number) => (size <= room
      ? Math.min(Math.max(v, 0), room - size) : Math.min(Math.max(v, room - size - slack), slack));
    this.x = clamp(this.x, w, this.width); this.y = clamp(this.y, h, this.height);
    this.apply();
  }
  reveal(box: Box, centre = false): void {
    const at = this.toScreen(box.x, box.y);
    const inside = at.x > 40 && at.x < this.width - 40 && at.y > 30 && at.y < this.height - 30;
    if (inside && (!centre || this.scale >= 0.6)) return;
    if (centre && this.scale < 0.6) this.scale = 0.9;
    this.touched = true;
    this.x = this.width / 2 - box.x * this.scale; this.y = this.height / 2 - box.y * this.scale;
    this.apply();
  }
}

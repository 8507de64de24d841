// The whole picture in a corner, with a frame around what the window shows.
import type { Placed } from "./graph-layout";
import type { View } from "./graph-pan";
import { s } from "./shared";

export class Minimap {
  readonly element = s("svg", { class: "ms-g-map", "aria-hidden": "true", width: 150, height: 110 }) as SVGSVGElement;
  private readonly frame = s("rect", { class: "ms-g-map-frame" });
  private readonly boxes = s("path", { class: "ms-g-map-boxes" });
  private size = { width: 1, height: 1 };

  constructor(private readonly view: View) {
    this.element.append(this.boxes, this.frame);
    const go = (event: PointerEvent) => {
      if (!(event.buttons & 1)) return;
      const box = this.element.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * this.size.width, y = ((event.clientY - box.top) / box.height) * this.size.height;
      view.touched = true;
      view.x = view.width / 2 - x * view.scale;
      view.y = view.height / 2 - y * view.scale;
      view.apply();
      event.preventDefault();
    };
    this.element.addEventListener("pointerdown", go);
    this.element.addEventListener("pointermove", go);
  }

  draw(placed: Placed): void {
    this.size = { width: placed.width, height: placed.height };
    const k = Math.min(150 / placed.width, 110 / placed.height);
    this.element.setAttribute("width", String(placed.width * k));
    this.element.setAttribute("height", String(placed.height * k));
    this.element.setAttribute("viewBox", `0 0 ${placed.width} ${placed.height}`);
    this.boxes.setAttribute("d", [...placed.boxes.values()].map((b) =>
      `M${b.x - b.width / 2} ${b.y - b.height / 2}h${b.width}v${b.height}h${-b.width}Z`).join(""));
    this.move();
  }

  /** The window has moved; nothing is shown while it shows everything. */
  move(): void {
    const { x, y, scale, width, height } = this.view;
    const all = x >= -1 && y >= -1 && x + this.size.width * scale <= width + 1 && y + this.size.height * scale <= height + 1;
    this.element.style.display = all ? "none" : "";
    for (const [name, v] of [["x", -x / scale], ["y", -y / scale], ["width", width / scale], ["height", height / scale]] as const) {
      this.frame.setAttribute(name, v.toFixed(1));
    }
  }
}

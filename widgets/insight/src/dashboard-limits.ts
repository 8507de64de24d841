// Thresholds of a tag: two numbers, a tinted field beyond each, and a sentence where a curve goes.
import type uPlot from "uplot";
import type { Board, Limit } from "./dashboard-board";
import type { Curve } from "./dashboard-data";
import { colour, h, integer, number } from "./shared";

export class Limits {
  readonly element: HTMLElement;
  private readonly boxes: HTMLInputElement[];

  constructor(private board: Board, private tag: string, changed: () => void) {
    this.boxes = this.pair.map((limit, side) => h("input", {
      type: "number", step: "any", value: limit, "data-limit": side ? "high" : "low",
      onchange: () => {
        const pair = this.boxes.map((box) => (box.value === "" || !Number.isFinite(box.valueAsNumber) ? null : box.valueAsNumber)) as Limit;
        if (pair[0] === null && pair[1] === null) delete board.limits[tag]; else board.limits[tag] = pair;
        board.keep();
        changed();
      },
    }));
    this.element = h("div", { class: "ms-d-limits", hidden: true }, ...this.boxes.map((box, side) =>
      h("label", {}, h("span", { "data-side": side }), box)));
    this.label();
  }

  label(): void {
    for (const span of this.element.querySelectorAll<HTMLElement>("[data-side]")) {
      span.textContent = this.board.t(span.dataset["side"] === "1" ? "above" : "below");
    }
  }

  get pair(): Limit {
    const kept: unknown = this.board.limits[this.tag];
    const sound = (x: unknown) => (typeof x === "number" && Number.isFinite(x) ? x : null);
    return Array.isArray(kept) ? [sound(kept[0]), sound(kept[1])] : [null, null];
  }

  /** One sentence for each curve and limit: from which step on it is beyond. */
  remarks(curves: Curve[]): string[] {
    return this.pair.flatMap((limit, side) => limit === null ? [] : curves.flatMap((curve) => {
      const at = curve.values.findIndex((v) => (side ? v > limit : v < limit));
      return at < 0 ? [] : [this.board.t("crossed", {
        run: this.board.run(curve.run)?.name ?? "", side: this.board.t(side ? "over" : "under"), limit: number(limit), step: integer(curve.steps[at]!),
      })];
    }));
  }

  /** The field beyond a limit tinted, its border dashed, and the curves in it in the warning colour. */
  paint(u: uPlot, log: boolean): void {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    const ink = colour(this.board.root, "--ms-bad");
    this.pair.forEach((limit, side) => {
      if (limit === null || (log && limit <= 0)) return;
      const edge = Math.min(Math.max(u.valToPos(limit, "y", true), bbox.top), bbox.top + bbox.height);
      const [top, tall] = side ? [bbox.top, edge - bbox.top] : [edge, bbox.top + bbox.height - edge];
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, top, bbox.width, tall);
      ctx.clip();
      ctx.globalAlpha = 0.12;
      ctx.fillStyle = ctx.strokeStyle = ink;
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.lineWidth = 2.5 * ratio;
      for (const series of u.series.slice(1)) {
        const drawn = (series as { _paths?: { stroke?: Path2D } })._paths?.stroke;
        if (drawn && series.alpha === 1) ctx.stroke(drawn);
      }
      ctx.restore();
      if (tall <= 0 || tall >= bbox.height) return;
      ctx.save();
      ctx.strokeStyle = ink;
      ctx.lineWidth = ratio;
      ctx.setLineDash([6 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, edge);
      ctx.lineTo(bbox.left + bbox.width, edge);
      ctx.stroke();
      ctx.restore();
    });
  }
}

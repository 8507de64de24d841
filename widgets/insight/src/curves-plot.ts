// One small chart of the stack: the lines of one panel on a canvas.
import uPlot from "uplot";
import { type Line, type Range, type Store, align, thin } from "./curves-store";
import { colour, number } from "./shared";

export interface PlotHooks {
  cursor(x: number | null): void;
  /** The logged step closest to x. */
  nearest(x: number): number;
  /** A box was drawn: its part of x and, unless it was as tall as the panel, of y; null resets. */
  zoom(x: Range | null, y: Range | null): void;
  /** The mouse button is up again. */
  released(): void;
  /** Values below the first or above the second number are painted; null is no limit. */
  limits(line: Line): [number | null, number | null] | null;
}

export class Plot {
  readonly u: uPlot;
  /** The mouse button is down: a box may be under way. */
  boxing = false;
  private members: Line[];

  constructor(
    root: HTMLElement, host: HTMLElement, private store: Store, private panel: string,
    private width: number, last: boolean, axis: { label: string; text: (x: number) => string },
    private hooks: PlotHooks, private range: Range,
  ) {
    this.members = store.panels().get(panel) ?? [];
    const names = store.names();
    const newest = store.newestRun();
    const dim = colour(root, "--ms-dim");
    const grid = { stroke: colour(root, "--ms-line"), width: 1 };
    const font = `11px ${getComputedStyle(root).fontFamily}`;
    const smoothing = store.smoothing > 0;
    const series: uPlot.Series[] = [{}];
    for (const line of this.members) {
      const ink = colour(root, `--ms-c${names.indexOf(line.name) % 6}`);
      const show = store.isShown(line);
      const old = line.run < newest;
      // Colour is not the only difference: the second name in a panel is dashed.
      const inPanel = [...new Set(this.members.map((m) => m.name))].indexOf(line.name);
      const dash = inPanel % 2 ? [6, 4] : undefined;
      const common: uPlot.Series = { stroke: ink, show, spanGaps: false, ...(dash ? { dash } : {}) };
      if (smoothing) series.push({ ...common, width: 1, alpha: 0.25, points: { show: false } });
      series.push({
        ...common, width: old ? 1.25 : 2, alpha: old ? 0.45 : 1,
        // A few points are drawn as dots too: two values an epoch apart are no curve yet.
        points: { show: (_u, _s, from, to) => to - from < 24 && line.x.size < 24, size: 5, fill: ink },
      });
    }
    this.u = new uPlot({
      width, height: this.height(last), series,
      legend: { show: false },
      padding: [8, 22, last ? 0 : 4, 0],
      scales: {
        x: { time: false },
        y: this.log ? { distr: 3, range: (_u, min, max) => {
          const chosen = store.zoomY(panel);
          return chosen && chosen[0] > 0 ? chosen : uPlot.rangeLog(min ?? 1, max ?? 10, 10, false);
        } } : {
          range: (_u, min, max) => {
            const chosen = store.zoomY(panel);
            if (chosen) return chosen;
            if (min == null || max == null) return [0, 1];
            const margin = (max - min || Math.abs(max) || 1) * 0.08;
            return [min - margin, max + margin];
          },
        },
      },
      axes: [
        {
          stroke: dim, font, grid, ticks: { show: false },
          size: last ? 20 : 0, gap: 4,
          ...(last ? { label: axis.label, labelFont: font, labelSize: 16, labelGap: 0 } : {}),
          values: (_u, splits) => splits.map((v) => (last ? axis.text(v) : "")),
        },
        {
          stroke: dim, font, grid, ticks: { show: false }, size: 56, gap: 6,
          values: (_u, splits) => splits.map((v) => (v == null ? "" : number(v))),
        },
      ],
      cursor: {
        y: false,
        // The stack sets the scales itself: x for all panels, y for one.
        drag: { x: true, y: true, uni: 24, setScale: false },
        points: { size: 7 },
        // The dot sits on the value that the legend reads: the last one up to this step.
        dataIdx: (u, seriesIndex, hovered, x) => {
          const limit = hooks.nearest(x);
          const values = u.data[seriesIndex]!;
          let at = hovered;
          while (at > 0 && (u.data[0][at]! > limit || values[at] == null)) at--;
          return at;
        },
        // uPlot's own syncing moves other charts by pixel; we move them by step (see curves.ts).
      },
      hooks: {
        setCursor: [(u) => hooks.cursor(u.cursor.left != null && u.cursor.left >= 0
          ? u.posToVal(u.cursor.left, "x") : null)],
        setSelect: [(u) => {
          const { left, top, width: w, height: tall } = u.select;
          if (w <= 4 && tall >= u.over.clientHeight - 1) return;
          if (w <= 4 && tall <= 4) return;
          const whole = tall >= u.over.clientHeight - 1;
          hooks.zoom(w > 4 ? [u.posToVal(left, "x"), u.posToVal(left + w, "x")] : [u.scales["x"]!.min!, u.scales["x"]!.max!],
            whole ? null : [u.posToVal(top + tall, "y"), u.posToVal(top, "y")]);
        }],
        draw: [(u) => this.paintLimits(u, colour(root, "--ms-bad"))],
      },
    }, this.data(), host);
    // A double click is uPlot's zoom reset; the stack does it for all panels together.
    this.u.over.addEventListener("dblclick", () => hooks.zoom(null, null));
    this.u.over.addEventListener("mousedown", (event) => {
      if (event.button !== 0) return;
      this.boxing = true;
      addEventListener("mouseup", () => { this.boxing = false; hooks.released(); }, { once: true });
    });
  }

  private get log(): boolean {
    return this.store.log && this.panel !== "accuracy";
  }

  private height(last: boolean): number {
    const count = this.store.panels().size;
    return (count === 1 ? 240 : count === 2 ? 150 : 116) + (last ? 34 : 0);
  }

  private data(): uPlot.AlignedData {
    const lines: { x: Float64Array; y: Float64Array }[] = [];
    // More than one bucket for a pixel would draw the same.
    const buckets = Math.min(Math.max(Math.round(this.width * devicePixelRatio), 300), 1500);
    for (const line of this.members) {
      const x = this.store.xOf(line);
      lines.push(thin(x, line.y, this.range, buckets));
      if (this.store.smoothing > 0) lines.push(thin(x, this.store.smoothed(line), this.range, buckets));
    }
    return align(lines, this.log) as uPlot.AlignedData;
  }

  /** Beyond a limit: a tinted field with a dashed border, and the curve in the warning colour. */
  private paintLimits(u: uPlot, ink: string): void {
    const { ctx, bbox } = u;
    const painted = new Set<string>();
    this.members.forEach((line, k) => {
      const limits = this.hooks.limits(line);
      if (!limits || !this.store.isShown(line)) return;
      const at = this.store.smoothing > 0 ? 2 * k + 1 : k + 1;
      limits.forEach((limit, side) => {
        if (limit === null || (this.log && limit <= 0)) return;
        const edge = Math.min(Math.max(u.valToPos(limit, "y", true), bbox.top), bbox.top + bbox.height);
        const [top, tall] = side ? [bbox.top, edge - bbox.top] : [edge, bbox.top + bbox.height - edge];
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, top, bbox.width, tall);
        ctx.clip();
        if (!painted.has(`${limit} ${side}`)) {
          painted.add(`${limit} ${side}`);
          ctx.globalAlpha = 0.1;
          ctx.fillStyle = ink;
          ctx.fill();
          ctx.globalAlpha = 1;
        }
        const drawn = (u.series[at] as { _paths?: { stroke?: Path2D } } | undefined)?._paths?.stroke;
        ctx.strokeStyle = ink;
        ctx.lineWidth = 2.5 * devicePixelRatio;
        if (drawn) ctx.stroke(drawn);
        ctx.restore();
        if (tall <= 0 || tall >= bbox.height) return;
        ctx.save();
        ctx.strokeStyle = ink;
        ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(bbox.left, edge);
        ctx.lineTo(bbox.left + bbox.width, edge);
        ctx.stroke();
        ctx.restore();
      });
    });
  }

  update(zoom: Range): void {
    this.range = zoom;
    // Both scales follow the data; x then goes back to what the whole stack shows.
    this.u.batch(() => {
      this.u.setData(this.data(), true);
      this.u.setScale("x", { min: zoom[0], max: zoom[1] });
    });
  }

  moveCursor(x: number | null): void {
    const left = x === null ? -10 : this.u.valToPos(x, "x");
    this.u.setCursor({ left, top: x === null ? -10 : this.u.over.clientHeight / 2 }, false);
  }
}

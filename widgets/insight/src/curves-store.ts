// The points that Python has sent, for all views of one chart, and what the reader chose.
import { Average, Column, after, half } from "./curves-column";
import type { Axis } from "./cursor";
import { float64, type Model } from "./shared";

export { smooth, thin } from "./curves-column";

/** Points kept in the page, of all lines together; of longer histories the past is thinned out. */
const MOST = 1_200_000;

export interface Line {
  run: number;
  name: string;
  panel: string;
  x: Column;
  y: Column;
  /** Seconds since 1970 at which each point was logged. */
  wall: Column;
  /** Points logged in Python; more than `x.size` when a long history was thinned out. */
  logged: number;
  bad: [number, string] | null;
  /** Seconds since the run began, and the smoothed values, as far as they were asked for. */
  relative?: { start: number; column: Column };
  average?: Average;
}

interface Points {
  type: "points";
  reset: boolean;
  series: {
    run: number; name: string; panel: string; start: number; stop: number;
    bad: [number, string] | null;
  }[];
}

export type Range = [number, number];
/** One box that the reader drew: x holds for all panels, y for the one it was drawn in. */
export interface Zoom { x: Range; panel: string; y: Range | null }

export class Store {
  /** Counts the times that all lines were replaced: whoever holds some must look them up again. */
  generation = 0;
  /** What the x axis shows: steps, seconds since the run's first point, or the time of day. */
  axis: Axis = "step";
  /** Only the newest run is shown. */
  alone = false;
  /** The table is open. */
  table = false;
  /** The boxes drawn so far, the newest last. Kept here, so that a new view shows the same part. */
  zooms: Zoom[] = [];
  lines = new Map<string, Line>();
  hidden = new Set<string>();
  smoothing = 0;
  log = false;
  private listeners = new Set<() => void>();

  constructor(private model: Model) {
    model.on("msg:custom", (message: Points, buffers: DataView[]) => {
      if (message?.type === "points") this.take(message, buffers);
    });
    model.send({ type: "hello" });
  }

  private take(message: Points, buffers: DataView[]): void {
    if (message.reset) { this.lines.clear(); this.generation++; }
    for (const [k, part] of message.series.entries()) {
      const key = `${part.run} ${part.name}`;
      let line = this.lines.get(key);
      if (!line) {
        line = {
          run: part.run, name: part.name, panel: part.panel,
          x: new Column(), y: new Column(), wall: new Column(), logged: 0, bad: null,
        };
        this.lines.set(key, line);
      }
      if (part.start !== line.logged) {
        // A message was missed (the page was loading): ask for everything again.
        this.model.send({ type: "hello" });
        return;
      }
      line.x.push(float64(buffers[3 * k]!));
      line.y.push(float64(buffers[3 * k + 1]!));
      line.wall.push(float64(buffers[3 * k + 2]!));
      line.logged = part.stop;
      line.bad = part.bad;
    }
    this.shorten();
    this.changed();
  }

  /** Let the page's memory stay what it is, however long the training runs. */
  private shorten(): void {
    for (;;) {
      const lines = [...this.lines.values()];
      if (lines.reduce((sum, line) => sum + line.x.size, 0) <= MOST) return;
      const line = lines.reduce((a, b) => (b.x.size > a.x.size ? b : a));
      if (line.average) this.smoothed(line, line.average.weight); // of all points, while they are here
      if (line.relative) this.since(line, line.relative.start);
      const places = half(line.y.view(), Math.floor(0.75 * line.y.size));
      for (const column of [line.x, line.y, line.wall, line.relative?.column, line.average?.out]) {
        column?.keep(places);
      }
    }
  }

  /** Where a line's points lie on the chosen axis. */
  xOf(line: Line): Float64Array {
    if (this.axis === "step") return line.x.view();
    if (this.axis === "wall") return line.wall.view();
    return this.since(line, this.startOf(line.run));
  }

  private since(line: Line, start: number): Float64Array {
    if (line.relative?.start !== start) line.relative = { start, column: new Column() };
    const { column } = line.relative;
    const fresh = line.wall.view().subarray(column.size);
    if (fresh.length) column.push(fresh.map((v) => v - start));
    return column.view();
  }

  /** The smoothed values of a line; only what is new is computed. */
  smoothed(line: Line, weight = this.smoothing): Column {
    if (line.average?.weight !== weight) line.average = new Average(weight);
    return line.average.of(line.y.view());
  }

  private startOf(run: number): number {
    let start = Infinity;
    for (const line of this.lines.values()) {
      if (line.run === run && line.wall.size) start = Math.min(start, line.wall.view()[0]!);
    }
    return start;
  }

  /** What the reader looks at now: of x, and of y in a panel; null where nothing is chosen. */
  get zoom(): Range | null { return this.zooms.length ? this.zooms[this.zooms.length - 1]!.x : null; }
  zoomY(panel: string): Range | null {
    for (let k = this.zooms.length - 1; k >= 0; k--) {
      const zoom = this.zooms[k]!;
      if (zoom.panel === panel && zoom.y) return zoom.y;
    }
    return null;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** Names in the order they first came, which is also the order of the colours. */
  names(): string[] {
    return [...new Set([...this.lines.values()].map((line) => line.name))];
  }

  isShown(line: Line): boolean {
    return !this.hidden.has(line.name) && !(this.alone && line.run < this.newestRun());
  }

  newestRun(): number {
    return Math.max(0, ...[...this.lines.values()].map((line) => line.run));
  }

  panels(): Map<string, Line[]> {
    const panels = new Map<string, Line[]>();
    for (const line of this.lines.values()) {
      const members = panels.get(line.panel) ?? [];
      members.push(line);
      panels.set(line.panel, members);
    }
    return panels;
  }
}

/** The value at step `x`, or at the last step before it; NaN when there is none. */
export function valueAt(store: Store, line: Line, x: number): number {
  const low = after(store.xOf(line), x);
  return low ? line.y.view()[low - 1]! : NaN;
}

type Values = (number | null | undefined)[];

/** Lines with their own steps on one shared axis: `undefined` = no point here, `null` = a gap. */
export function align(lines: { x: Float64Array; y: Float64Array }[], positive: boolean): [number[], ...Values[]] {
  const drawable = (value: number) =>
    Number.isFinite(value) && (!positive || value > 0) ? value : null;
  const first = lines[0]?.x ?? new Float64Array();
  const same = lines.every(({ x }) => x.length === first.length && x.every((v, i) => v === first[i]));
  if (same) return [Array.from(first), ...lines.map(({ y }) => Array.from(y, drawable))];
  const all = new Float64Array(lines.reduce((sum, { x }) => sum + x.length, 0));
  let at = 0;
  for (const { x } of lines) { all.set(x, at); at += x.length; }
  all.sort();
  const axis: number[] = [];
  for (const x of all) if (x !== axis[axis.length - 1]) axis.push(x);
  return [axis, ...lines.map(({ x, y }) => {
    const out: Values = new Array(axis.length).fill(undefined);
    let k = 0;
    for (let i = 0; i < x.length; i++) {
      while (axis[k]! < x[i]!) k++;
      out[k] = drawable(y[i]!);
    }
    return out;
  })];
}

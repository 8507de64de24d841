// The points that Python has sent, for all views of one chart, and what the reader chose.
import { float64, type Model } from "./shared";

/** A growing array of numbers; `view()` is what is in it, without a copy. */
class Column {
  private data = new Float64Array(1024);
  size = 0;
  push(values: Float64Array): void {
    if (this.size + values.length > this.data.length) {
      const larger = new Float64Array(2 * (this.size + values.length));
      larger.set(this.view());
      this.data = larger;
    }
    this.data.set(values, this.size);
    this.size += values.length;
  }
  view(): Float64Array { return this.data.subarray(0, this.size); }
}

export interface Line {
  run: number;
  name: string;
  panel: string;
  x: Column;
  y: Column;
  /** Seconds since 1970 at which each point was logged. */
  wall: Column;
  /** Points logged in Python; more than `x.size` when a long history came thinned out. */
  logged: number;
  bad: [number, string] | null;
}

interface Points {
  type: "points";
  reset: boolean;
  series: {
    run: number; name: string; panel: string; start: number; stop: number;
    bad: [number, string] | null;
  }[];
}

/** What the x axis shows: steps, seconds since the run's first point, or the time of day. */
export type Axis = "step" | "relative" | "wall";
export type Range = [number, number];
/** One box that the reader drew: x holds for all panels, y for the one it was drawn in. */
export interface Zoom { x: Range; panel: string; y: Range | null }

export class Store {
  /** Counts the times that all lines were replaced: whoever holds some must look them up again. */
  generation = 0;
  axis: Axis = "step";
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
    this.changed();
  }

  /** Where a line's points lie on the chosen axis. */
  xOf(line: Line): Float64Array {
    if (this.axis === "step") return line.x.view();
    if (this.axis === "wall") return line.wall.view();
    const start = this.startOf(line.run);
    let known = this.relative.get(line);
    if (!known || known.start !== start) this.relative.set(line, (known = { start, column: new Column() }));
    const fresh = line.wall.view().subarray(known.column.size);
    if (fresh.length) known.column.push(fresh.map((v) => v - start));
    return known.column.view();
  }

  /** The smoothed values of a line; only what is new is computed. */
  smoothed(line: Line): Float64Array {
    let known = this.smooth.get(line);
    if (!known || known.weight !== this.smoothing) this.smooth.set(line, (known = new Average(this.smoothing)));
    return known.of(line.y.view());
  }

  private relative = new WeakMap<Line, { start: number; column: Column }>();
  private smooth = new WeakMap<Line, Average>();

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

/** How many of the ascending numbers are at most x. */
function after(xs: Float64Array, x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle + 1; else high = middle;
  }
  return low;
}

/**
 * The part of a line between `low` and `high` (and one point beyond each), as few points as draw
 * the same picture: of every bucket the lowest and the highest. A bucket without numbers is a gap.
 */
export function thin(x: Float64Array, y: Float64Array, [low, high]: Range, buckets = 1500): { x: Float64Array; y: Float64Array } {
  const from = Math.max(after(x, low) - 2, 0), to = Math.min(after(x, high) + 1, x.length);
  if (to - from <= 3 * buckets) return { x: x.subarray(from, to), y: y.subarray(from, to) };
  const width = (to - from) / buckets;
  const xs = new Float64Array(2 * buckets + 2), ys = new Float64Array(2 * buckets + 2);
  let n = 0;
  const keep = (i: number) => {
    if (n && xs[n - 1] === x[i]) return;
    xs[n] = x[i]!;
    ys[n++] = y[i]!;
  };
  keep(from);
  for (let b = 0; b < buckets; b++) {
    const start = from + Math.floor(b * width), stop = from + Math.floor((b + 1) * width);
    let least = -1, most = -1;
    for (let i = start; i < stop; i++) {
      const v = y[i]!;
      if (v !== v) continue;
      if (least < 0 || v < y[least]!) least = i;
      if (most < 0 || v > y[most]!) most = i;
    }
    if (least < 0) { keep(start); continue; }
    keep(Math.min(least, most));
    if (least !== most) keep(Math.max(least, most));
  }
  keep(to - 1);
  return { x: xs.subarray(0, n), y: ys.subarray(0, n) };
}

/**
 * Exponential moving average without the pull towards zero at the start (as Adam corrects its
 * moments). A value that is not finite stays a gap and leaves the average alone.
 */
class Average {
  private readonly out = new Column();
  private mean = 0;
  private mass = 0;
  constructor(readonly weight: number) {}

  of(values: Float64Array): Float64Array {
    const fresh = values.slice(this.out.size);
    for (let i = 0; i < fresh.length; i++) {
      const value = fresh[i]!;
      if (!Number.isFinite(value)) { fresh[i] = NaN; continue; }
      this.mean = this.weight * this.mean + (1 - this.weight) * value;
      this.mass = this.weight * this.mass + (1 - this.weight);
      fresh[i] = this.mean / this.mass;
    }
    if (fresh.length) this.out.push(fresh);
    return this.out.view();
  }
}

/** All of a finished line smoothed at once. */
export const smooth = (values: Float64Array, weight: number): Float64Array => new Average(weight).of(values);

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

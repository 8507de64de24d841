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

export class Store {
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
    if (message.reset) this.lines.clear();
    for (const [k, part] of message.series.entries()) {
      const key = `${part.run} ${part.name}`;
      let line = this.lines.get(key);
      if (!line) {
        line = {
          run: part.run, name: part.name, panel: part.panel,
          x: new Column(), y: new Column(), logged: 0, bad: null,
        };
        this.lines.set(key, line);
      }
      if (part.start !== line.logged) {
        // A message was missed (the page was loading): ask for everything again.
        this.model.send({ type: "hello" });
        return;
      }
      line.x.push(float64(buffers[2 * k]!));
      line.y.push(float64(buffers[2 * k + 1]!));
      line.logged = part.stop;
      line.bad = part.bad;
    }
    this.changed();
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
export function valueAt(line: Line, x: number): number {
  const steps = line.x.view();
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! <= x) low = middle + 1; else high = middle;
  }
  return low ? line.y.view()[low - 1]! : NaN;
}

/**
 * Exponential moving average without the pull towards zero at the start (as Adam corrects its
 * moments). A value that is not finite stays a gap and leaves the average alone.
 */
export function smooth(values: Float64Array, weight: number): Float64Array {
  const out = new Float64Array(values.length);
  let mean = 0;
  let mass = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) { out[i] = NaN; continue; }
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    out[i] = mean / mass;
  }
  return out;
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

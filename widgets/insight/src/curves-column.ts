// Growing columns of numbers that can be drawn at any length: what is drawn costs what is seen.

const BLOCK = 64;

/** A growing array of numbers; `view()` is what is in it, without a copy. */
export class Column {
  private data = new Float64Array(1024);
  private least = new Uint32Array(16);
  private most = new Uint32Array(16);
  private blocks = 0;
  size = 0;

  push(values: Float64Array): void {
    if (this.size + values.length > this.data.length) {
      const larger = new Float64Array(Math.ceil(1.5 * (this.size + values.length)));
      larger.set(this.view());
      this.data = larger;
    }
    this.data.set(values, this.size);
    this.size += values.length;
  }

  view(): Float64Array { return this.data.subarray(0, this.size); }

  /** Keep the points at these ascending places only. */
  keep(places: Uint32Array): void {
    for (let i = 0; i < places.length; i++) this.data[i] = this.data[places[i]!]!;
    this.size = places.length;
    this.blocks = 0;
  }

  /** Where, in each whole block of 64 points, the lowest and the highest lie; NaN is passed over. */
  extremes(): { least: Uint32Array; most: Uint32Array; block: number } {
    const whole = Math.floor(this.size / BLOCK);
    if (whole > this.least.length) {
      [this.least, this.most] = [this.least, this.most].map((old) => {
        const larger = new Uint32Array(2 * whole);
        larger.set(old);
        return larger;
      }) as [Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>];
    }
    for (; this.blocks < whole; this.blocks++) {
      const [low, high] = span(this.data, this.blocks * BLOCK, (this.blocks + 1) * BLOCK);
      this.least[this.blocks] = low;
      this.most[this.blocks] = high;
    }
    return { least: this.least, most: this.most, block: BLOCK };
  }
}

/** Places of the lowest and the highest number; the first place where there is none. */
function span(y: Float64Array, start: number, stop: number): [number, number] {
  let low = -1, high = -1;
  for (let i = start; i < stop; i++) {
    const v = y[i]!;
    if (v !== v) continue;
    if (low < 0 || v < y[low]!) low = i;
    if (high < 0 || v > y[high]!) high = i;
  }
  return low < 0 ? [start, start] : [low, high];
}

/** How many of the ascending numbers are at most x. */
export function after(xs: Float64Array, x: number): number {
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
 * Long lines are looked at block by block, not point by point.
 */
export function thin(x: Float64Array, column: Column, [low, high]: [number, number], buckets: number): { x: Float64Array; y: Float64Array } {
  const y = column.view();
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
  const { least, most, block } = column.extremes();
  const blocks = width >= 2 * block; // buckets then begin and end with blocks
  let down = -1, up = -1;
  const look = (i: number) => {
    const v = y[i]!;
    if (v !== v) return;
    if (down < 0 || v < y[down]!) down = i;
    if (up < 0 || v > y[up]!) up = i;
  };
  keep(from);
  for (let b = 1, i = from; b <= buckets; b++) {
    const start = i;
    let stop = b === buckets ? to : from + Math.floor(b * width);
    if (blocks && b < buckets) stop -= stop % block;
    down = up = -1;
    for (const head = blocks ? Math.ceil(i / block) * block : stop; i < head; i++) look(i);
    for (; i + block <= stop; i += block) { look(least[i / block]!); look(most[i / block]!); }
    for (; i < stop; i++) look(i);
    keep(down < 0 ? start : Math.min(down, up));
    if (down !== up) keep(Math.max(down, up));
  }
  keep(to - 1);
  return { x: xs.subarray(0, n), y: ys.subarray(0, n) };
}

/** Of every four of the first `end` places the lowest and the highest, and all that follow. */
export function half(y: Float64Array, end: number): Uint32Array {
  const places = new Uint32Array(y.length);
  let n = 0;
  for (let start = 0; start < end; start += 4) {
    const [low, high] = span(y, start, Math.min(start + 4, end));
    places[n++] = Math.min(low, high);
    if (low !== high) places[n++] = Math.max(low, high);
  }
  for (let i = end; i < y.length; i++) places[n++] = i;
  return places.subarray(0, n);
}

/**
 * Exponential moving average without the pull towards zero at the start (as Adam corrects its
 * moments). A value that is not finite stays a gap and leaves the average alone.
 */
export class Average {
  readonly out = new Column();
  private mean = 0;
  private mass = 0;
  constructor(readonly weight: number) {}

  /** The average of each value; only what is new since the last call is computed. */
  of(values: Float64Array): Column {
    const fresh = values.slice(this.out.size);
    for (let i = 0; i < fresh.length; i++) {
      const value = fresh[i]!;
      if (!Number.isFinite(value)) { fresh[i] = NaN; continue; }
      this.mean = this.weight * this.mean + (1 - this.weight) * value;
      this.mass = this.weight * this.mass + (1 - this.weight);
      fresh[i] = this.mean / this.mass;
    }
    if (fresh.length) this.out.push(fresh);
    return this.out;
  }
}

/** All of a finished line smoothed at once. */
export const smooth = (values: Float64Array, weight: number): Float64Array => new Average(weight).of(values).view();

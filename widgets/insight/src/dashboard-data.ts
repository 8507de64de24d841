// What the server tells, and asking it: see mslearn/lab/dashboard.py.

export interface RunInfo {
  number: number; name: string; updated: number; size: number; files: number; graphs: number;
  scalars: Record<string, [number, number | string]>;
  histograms: Record<string, number>; images: Record<string, number>; tensors: Record<string, number>;
  lineage: Record<string, Record<string, unknown>>;
  skipped: Record<string, number>;
}
export interface Listing { base: string; complete: boolean; runs: RunInfo[] }
export interface Curve { run: number; all: number; steps: Float64Array; walls: Float64Array; values: Float64Array }
export interface HistogramRow {
  step: number; wall: number; bins: [number, number, number][]; count: number;
  min: number | string; max: number | string; sum: number | string; nan: number; inf: number;
}

const root = new URL("insight/api/", window.location.href.split("?")[0]);

export class Refused extends Error {
  constructor(readonly status: number) { super(`the server answered ${status}`); }
}

function address(part: string, values: Record<string, string | number>): URL {
  const url = new URL(part, root);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, String(value));
  return url;
}

async function ask(part: string, values: Record<string, string | number> = {}): Promise<Response> {
  const response = await fetch(address(part, values), { credentials: "same-origin" });
  if (!response.ok) throw new Refused(response.status);
  return response;
}

export const listing = async (): Promise<Listing> => (await ask("runs")).json();
export const histograms = async (run: number, tag: string): Promise<{ all: number; histograms: HistogramRow[] }> =>
  (await ask("histograms", { run, tag })).json();
export const imageSteps = async (run: number, tag: string): Promise<{ steps: [number, number][] }> =>
  (await ask("images", { run, tag })).json();
export const graphScene = async (run: number): Promise<{ scene: unknown; unfolded: number[] }> =>
  (await ask("graph", { run })).json();
export const imageAddress = (run: number, tag: string, place: number): string =>
  address("image", { run, tag, place }).href;

/** One tag's curves: a length, that much JSON, then steps, times and values of each curve. */
export async function curves(tag: string, runs: number[], limit: number): Promise<Curve[]> {
  const buffer = await (await ask("scalars", { tag, runs: runs.join(","), limit })).arrayBuffer();
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  let at = 8 + length;
  const take = (count: number) => {
    const part = new Float64Array(buffer, at, count);
    at += 8 * count;
    return part;
  };
  return header.curves.map((c: { run: number; points: number; all: number }) => ({
    run: c.run, all: c.all, steps: take(c.points), walls: take(c.points), values: take(c.points),
  }));
}

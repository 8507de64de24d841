// What the server tells, and asking it: see mslearn/lab/dashboard.py.

export interface RunInfo {
  number: number; name: string; updated: number; size: number; files: number; graphs: number; pipelines: number;
  scalars: Record<string, [number, number | string]>;
  histograms: Record<string, number>; images: Record<string, number>; tensors: Record<string, number>;
  lineage: Record<string, Record<string, unknown>>;
  skipped: Record<string, number>;
}
export interface Listing { base: string; complete: boolean; runs: RunInfo[] }
/** `part` of its `all` points lie in the range asked for; the arrays hold the few that draw it. */
export interface Curve {
  run: number; all: number; part: number; start: number;
  steps: Float64Array; walls: Float64Array; values: Float64Array;
}
export type Axis = "step" | "relative" | "wall";
export type Range = [number, number];
export interface Figures {
  size: number; bad: number; zeros?: number;
  min?: number | string; max?: number | string; mean?: number | string; std?: number | string;
}
/** A part of a tensor: `labels` are the places along its free `axes`. */
export interface Table {
  shape: number[]; index: string; free: number; rows: number; columns: number; shown: [number, number];
  labels: number[][]; axes: number[]; all: Figures; part: Figures; cells: Float64Array;
}
export type GraphKind = "computation" | "data";
export interface HistogramRow {
  step: number; wall: number; bins: [number, number, number][]; count: number;
  min: number | string; max: number | string; sum: number | string; nan: number; inf: number;
}

const root = new URL("insight/api/", location.href.split("?")[0]);

export class Refused extends Error {
  constructor(readonly status: number, message = "") { super(message || `the server answered ${status}`); }
}

function address(part: string, values: Record<string, string | number>): URL {
  const url = new URL(part, root);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, String(value));
  return url;
}

async function ask(part: string, values: Record<string, string | number> = {}): Promise<Response> {
  const response = await fetch(address(part, values), { credentials: "same-origin" });
  if (!response.ok) {
    const said = await response.json().catch(() => ({})) as { message?: string };
    throw new Refused(response.status, said.message);
  }
  return response;
}

/** A length, that much JSON, then float64s. */
async function unpack(response: Response): Promise<{ header: any; take: (count: number) => Float64Array }> {
  const buffer = await response.arrayBuffer();
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  let at = 8 + length;
  return { header, take: (count) => {
    const part = new Float64Array(buffer, at, count);
    at += 8 * count;
    return part;
  } };
}

export const listing = async (): Promise<Listing> => (await ask("runs")).json();
export const histograms = async (run: number, tag: string): Promise<{ all: number; histograms: HistogramRow[] }> =>
  (await ask("histograms", { run, tag })).json();
export const stepsOf = async (kind: "images" | "tensors", run: number, tag: string): Promise<[number, number][]> =>
  (await (await ask(kind, { run, tag })).json()).steps;
export const graphScene = async (run: number, kind: GraphKind): Promise<{ scene: unknown; unfolded: number[] }> =>
  (await ask("graph", { run, kind })).json();
export const graphFile = async (values: Record<string, string | number>): Promise<string> =>
  (await ask("graphfile", values)).text();
export const csvOf = async (tag: string, runs: number[]): Promise<Blob> =>
  (await ask("csv", { tag, runs: runs.join(",") })).blob();
export const npyOf = async (run: number, tag: string, place: number): Promise<Blob> =>
  (await ask("npy", { run, tag, place })).blob();
export const imageAddress = (run: number, tag: string, place: number): string =>
  address("image", { run, tag, place }).href;

/** One tag's curves; with a range only that part of them, in as many points again. */
export async function curves(tag: string, runs: number[], limit: number, axis: Axis, range: Range | null): Promise<Curve[]> {
  const part: Record<string, string | number> = range ? { axis, low: range[0], high: range[1] } : {};
  const { header, take } = await unpack(await ask("scalars", { tag, runs: runs.join(","), limit, ...part }));
  return header.curves.map((c: Curve & { points: number }) => ({
    run: c.run, all: c.all, part: c.part, start: c.start,
    steps: take(c.points), walls: take(c.points), values: take(c.points),
  }));
}

export async function tensorTable(run: number, tag: string, place: number, index: string): Promise<Table> {
  const { header, take } = await unpack(await ask("tensor", { run, tag, place, index }));
  return { ...header, cells: take(header.shown[0] * header.shown[1]) };
}

// What all views share: the runs, which of them are chosen, and how they are drawn.
import type { Listing, RunInfo } from "./dashboard-data";

type Axis = "step" | "relative" | "wall";

export class Board {
  listing: Listing = { base: "", complete: true, runs: [] };
  hidden = new Set<string>(); // by name: a run that comes back is hidden still
  smoothing = 0;
  log = false;
  axis: Axis = "step";
  dark = false;
  language: "en" | "zh" = "en";
  runFilter = "";
  tagFilter = "";
  t!: (key: string, values?: Record<string, string | number>) => string;
  say!: (text: string) => void;
  private byNumber = new Map<number, RunInfo>();

  constructor(readonly root: HTMLElement) {}

  take(listing: Listing): void {
    this.listing = listing;
    this.byNumber = new Map(listing.runs.map((run) => [run.number, run]));
  }

  run(number: number): RunInfo | undefined { return this.byNumber.get(number); }

  /** Runs in the list on the left. */
  listed(): RunInfo[] { return this.listing.runs.filter((run) => matches(run.name, this.runFilter)); }

  chosen(): RunInfo[] { return this.listed().filter((run) => !this.hidden.has(run.name)); }

  ink(run: number): string {
    return getComputedStyle(this.root).getPropertyValue(`--ms-c${run % 6}`).trim();
  }

  /** Every other round of colours is dashed: colour is not the only difference. */
  dashed(run: number): boolean { return Math.floor(run / 6) % 2 === 1; }

  /** Tags of the chosen runs that pass the filter, sorted. */
  tags(kind: "scalars" | "histograms" | "images"): string[] {
    const found = new Set(this.chosen().flatMap((run) => Object.keys(run[kind])));
    return [...found].filter((tag) => matches(tag, this.tagFilter)).sort();
  }
}

/** A filter is a regular expression; while it is none yet, a plain text. */
export function matches(text: string, filter: string): boolean {
  if (!filter) return true;
  try {
    return new RegExp(filter, "i").test(text);
  } catch {
    return text.toLowerCase().includes(filter.toLowerCase());
  }
}

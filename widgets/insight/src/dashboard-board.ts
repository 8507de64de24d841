// What all views share: the runs, which of them are chosen, and how they are drawn.
import { SharedCursor } from "./cursor";
import { isDark, onceAFrame } from "./shared";
import type { Axis, Listing, RunInfo } from "./dashboard-data";

export type Limit = [number | null, number | null];
const KEPT = "mslearn-insight"; // what a browser remembers of the reader's choices

export class Board {
  listing: Listing = { base: "", complete: true, runs: [] };
  hidden = new Set<string>(); // by name: a run that comes back is hidden still
  smoothing = 0;
  log = false;
  axis: Axis = "step";
  ridges: "ridge" | "overlay" = "ridge";
  /** Values of a tag below the first or above the second number are painted. */
  limits: Record<string, Limit> = {};
  /** Where the reader points, on the horizontal axis: all charts and sliders show it. */
  cursor: number | null = null;
  private readonly shared = new SharedCursor((x, axis) => { if (axis === this.axis) this.point(x); });
  readonly pointed = new Set<() => void>();
  /** Told when the language has changed. */
  readonly changed = new Set<() => void>();
  dark = false;
  language: "en" | "zh" = "en";
  runFilter = "";
  tagFilter = "";
  t!: (key: string, values?: Record<string, string | number>) => string;
  say!: (text: string) => void;
  private byNumber = new Map<number, RunInfo>();

  constructor(readonly root: HTMLElement) {
    let kept: { language?: unknown; dark?: unknown; limits?: unknown } = {};
    try {
      kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") ?? {};
    } catch { /* something else wrote there: begin anew */ }
    this.language = String(kept.language ?? navigator.language).startsWith("zh") ? "zh" : "en";
    this.dark = typeof kept.dark === "boolean" ? kept.dark : isDark();
    if (kept.limits && typeof kept.limits === "object") this.limits = kept.limits as Record<string, Limit>;
  }

  keep(): void {
    localStorage.setItem(KEPT, JSON.stringify({ language: this.language, dark: this.dark, limits: this.limits }));
  }

  point(x: number | null): void {
    if (x === this.cursor) return;
    this.cursor = x;
    this.shared.tell(x, this.axis);
    this.tellPointed();
  }
  /** All that are in view show it: after a move, and when a card comes into view. */
  readonly tellPointed = onceAFrame(() => { for (const told of this.pointed) told(); });

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
  tags(kind: "scalars" | "histograms" | "images" | "tensors"): string[] {
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

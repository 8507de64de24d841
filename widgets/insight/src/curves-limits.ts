// Thresholds: which values of a series are beyond its limits, counted as they come.
import type { Line } from "./curves-store";
import { type Model, integer, number } from "./shared";

type Pair = [number | null, number | null];
interface Seen { upTo: number; key: string; count: number; first: number }
type Translate = (key: string, values?: Record<string, string | number>) => string;

export class Limits {
  private seen = new WeakMap<Line, [Seen, Seen]>();

  constructor(private model: Model) {}

  of(line: Line): Pair | null {
    return (this.model.get("thresholds") ?? {})[line.name] ?? null;
  }

  /** One sentence for each limit that a line went beyond. */
  remarks(lines: Line[], t: Translate): string[] {
    const said: string[] = [];
    const several = lines.some((line) => line.run > 0);
    for (const line of lines) {
      const pair = this.of(line);
      pair?.forEach((limit, side) => {
        if (limit === null) return;
        const { count, first } = this.count(line, limit, side);
        if (count) {
          said.push(t("crossed", {
            name: several ? `${line.name} (${t("run", { run: line.run + 1 })})` : line.name, side: t(side ? "over" : "under"), limit: number(limit), count: integer(count) + (line.logged > line.x.size ? "+" : ""), step: number(first, 9),
          }));
        }
      });
    }
    return said;
  }

  private count(line: Line, limit: number, side: number): Seen {
    const fresh = (key: string): Seen => ({ upTo: 0, key, count: 0, first: NaN });
    let both = this.seen.get(line);
    if (!both) this.seen.set(line, (both = [fresh(""), fresh("")]));
    if (both[side]!.key !== String(limit)) both[side] = fresh(String(limit));
    const seen = both[side]!;
    const y = line.y.view(), x = line.x.view();
    // Places count from the first point of all: of a long history some are no longer in the page.
    const gone = line.logged - y.length;
    for (let i = Math.max(seen.upTo - gone, 0); i < y.length; i++) {
      const v = y[i]!;
      if (side ? v > limit : v < limit) if (!seen.count++) seen.first = x[i]!;
    }
    seen.upTo = line.logged;
    return seen;
  }
}

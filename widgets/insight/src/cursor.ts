// Where the reader points, on a horizontal axis: one place for everything on the page that has steps,
// charts as well as sliders. The widgets come from bundles of their own, so an event of the page tells it.
const EVENT = "mslearn-cursor";

/** The dashboard as a tab of JupyterLab is a frame: the page around it hears and is heard. */
const page: Window = (() => {
  try {
    return window.parent.location.origin === location.origin ? window.parent : window;
  } catch { return window; } // in another site's frame
})();

export type Axis = "step" | "relative" | "wall";

export class SharedCursor {
  private busy = false;

  /** `follow` gets where another widget points; null is nowhere. */
  constructor(private readonly follow: (x: number | null, axis: Axis) => void) {
    page.addEventListener(EVENT, this.hear);
  }

  /** Tell all others; does nothing inside `follow`. */
  tell(x: number | null, axis: Axis = "step"): void {
    if (this.busy) return;
    this.busy = true;
    page.dispatchEvent(new CustomEvent(EVENT, { detail: { x, axis } }));
    this.busy = false;
  }

  stop(): void { page.removeEventListener(EVENT, this.hear); }

  private readonly hear = (event: Event): void => {
    if (this.busy) return;
    this.busy = true;
    const { x, axis } = (event as CustomEvent<{ x: number | null; axis: Axis }>).detail;
    this.follow(x, axis);
    this.busy = false;
  };
}

/** The place of the number nearest to x in an ascending list; −1 where the list is empty. */
export function nearest(list: readonly number[], x: number): number {
  let best = -1;
  for (let k = 0; k < list.length; k++) {
    if (best < 0 || Math.abs(list[k]! - x) < Math.abs(list[best]! - x)) best = k;
  }
  return best;
}

// Saving a chart as a file.
import type uPlot from "uplot";
import { type Model, colour, h } from "./shared";

const KINDS = { csv: "text/csv", svg: "image/svg+xml", png: "image/png" };

/** Three buttons. CSV and SVG come from the kernel, which has every point; PNG from the page. */
export class Saver {
  readonly buttons: HTMLButtonElement[];

  constructor(private model: Model, private parts: () => { root: HTMLElement; area: HTMLElement; plots: uPlot[] }) {
    this.buttons = (Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => h("button", {
      type: "button", "data-action": kind, onclick: () => void this.save(kind),
    }, kind.toUpperCase()));
    model.on("msg:custom", this.take);
  }

  stop(): void { this.model.off("msg:custom", this.take); }

  private asked = false; // another view of the same chart may have asked

  private async save(kind: keyof typeof KINDS): Promise<void> {
    if (kind !== "png") {
      this.asked = true;
      this.model.send({ type: "export", kind });
      return;
    }
    const { root, area, plots } = this.parts();
    const blob = await picture(root, area, plots);
    if (blob) download(`${this.name()}.png`, blob);
  }

  private readonly take = (message: { type: string; kind: "csv" | "svg"; text: string }) => {
    if (message?.type !== "export" || !this.asked) return;
    this.asked = false;
    download(`${this.name()}.${message.kind}`, new Blob([message.text], { type: KINDS[message.kind] }));
  };

  private name(): string {
    const title = this.parts().root.querySelector(".ms-title")?.textContent || "curves";
    return title.replace(/[^\p{L}\p{N}_-]+/gu, "-");
  }
}

export function download(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The stack of plots with their legends, as it is on the page, as one PNG. */
async function picture(root: HTMLElement, area: HTMLElement, plots: uPlot[]): Promise<Blob | null> {
  const ratio = devicePixelRatio;
  const legends = plots.map((u) => [...(u.root.closest(".ms-panel")?.querySelectorAll<HTMLElement>(".ms-chip[aria-pressed=true]") ?? [])]);
  const row = 24 * ratio;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(...plots.map((u) => u.ctx.canvas.width), area.clientWidth * ratio);
  canvas.height = plots.reduce((sum, u) => sum + u.ctx.canvas.height + row, 0) + row;
  const ctx = canvas.getContext("2d")!;
  ctx.fillStyle = colour(root, "--ms-bg") || "#fff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  const style = getComputedStyle(root);
  ctx.textBaseline = "middle";
  ctx.fillStyle = style.color;
  ctx.font = `600 ${14 * ratio}px ${style.fontFamily}`;
  ctx.fillText(root.querySelector(".ms-title")?.textContent ?? "", 12 * ratio, row / 2);
  ctx.font = `${12 * ratio}px ${style.fontFamily}`;
  let y = row;
  plots.forEach((u, k) => {
    let x = 60 * ratio;
    for (const chip of legends[k]!) {
      const ink = getComputedStyle(chip.querySelector("path")!).stroke;
      const text = chip.querySelector(".ms-name")?.textContent ?? "";
      ctx.fillStyle = ink;
      ctx.fillRect(x, y + row / 2 - ratio, 18 * ratio, 3 * ratio);
      ctx.fillStyle = style.color;
      ctx.fillText(text, x + 24 * ratio, y + row / 2);
      x += 40 * ratio + ctx.measureText(text).width;
    }
    ctx.drawImage(u.ctx.canvas, 0, y + row);
    y += row + u.ctx.canvas.height;
  });
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

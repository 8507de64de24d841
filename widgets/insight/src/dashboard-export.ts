// A chart of the page as a picture: what is seen, with its title and legend, as SVG or PNG.
import type uPlot from "uplot";
import { colour, s } from "./shared";

export interface Entry { text: string; ink: string; dashed: boolean }

/** The chart as SVG text. Titles and names are text nodes: whatever they hold stays text. */
export function svgOf(root: HTMLElement, u: uPlot, title: string, legend: Entry[]): string {
  const ratio = devicePixelRatio, top = 34;
  const box = { x: u.bbox.left / ratio, y: u.bbox.top / ratio + top, w: u.bbox.width / ratio, h: u.bbox.height / ratio };
  const width = u.width, height = u.height + top + 20 * legend.length + 8;
  const [ink, dim, line] = ["--ms-fg", "--ms-dim", "--ms-line"].map((name) => colour(root, name));
  const text = (x: number, y: number, words: string, anchor: string, more = {}) =>
    s("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, fill: dim!, ...more }, words);
  const parts: SVGElement[] = [
    s("rect", { width: "100%", height: "100%", fill: colour(root, "--ms-bg") || "#fff" }),
    text(12, 22, title, "start", { fill: ink!, "font-size": 14, "font-weight": 600 }),
    s("clipPath", { id: "area" }, s("rect", { x: box.x, y: box.y, width: box.w, height: box.h })),
  ];
  u.axes.forEach((axis, k) => {
    const { _splits, _values } = axis as unknown as { _splits?: number[]; _values?: (string | null)[] };
    _splits?.forEach((at, n) => {
      const label = _values?.[n];
      if (label == null || label === "") return;
      const place = u.valToPos(at, k ? "y" : "x") + (k ? box.y : box.x);
      parts.push(s("path", { d: k ? `M${box.x} ${place}h${box.w}` : `M${place} ${box.y}v${box.h}`, stroke: line! }),
        k ? text(box.x - 6, place + 4, label, "end") : text(place, box.y + box.h + 18, label, "middle"));
    });
  });
  u.series.forEach((series, k) => {
    if (!k || !series.show) return;
    const ys = u.data[k]!;
    let path = "", down = false;
    for (let i = 0; i < ys.length; i++) {
      const y = ys[i];
      if (y === undefined) continue;
      if (y === null) { down = false; continue; }
      path += `${down ? "L" : "M"}${(u.valToPos(u.data[0][i]!, "x") + box.x).toFixed(1)} ${(u.valToPos(y, "y") + box.y).toFixed(1)}${down ? "" : "h.01"}`;
      down = true;
    }
    parts.push(s("path", {
      d: path, fill: "none", "clip-path": "url(#area)", stroke: String((series.stroke as () => string)()), "stroke-width": series.width ?? 1,
      "stroke-opacity": series.alpha ?? 1, "stroke-dasharray": series.dash?.join(" "), "stroke-linejoin": "round",
    }));
  });
  legend.forEach((entry, n) => {
    const y = u.height + top + 20 * n + 8;
    parts.push(s("path", { d: `M12 ${y}h18`, stroke: entry.ink, "stroke-width": 3, "stroke-dasharray": entry.dashed ? "6 4" : null }),
      text(38, y + 4, entry.text, "start", { fill: ink! }));
  });
  const svg = s("svg", {
    xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height,
    "font-family": "system-ui, sans-serif", "font-size": 11,
  }, ...parts);
  return new XMLSerializer().serializeToString(svg);
}

/** An SVG text as PNG, two pixels for one. */
export async function pngOf(svg: string): Promise<Blob | null> {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}

export const fileName = (text: string): string => text.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 80) || "file";

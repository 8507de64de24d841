// Bundle every widget into one ES module (and one style sheet) under mslearn/static.
// Everything is inlined: a widget must draw in a classroom with no network.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(here, "../../mslearn/static");
const staging = join(target, `.build-${process.pid}`);
const widgets = [
  "compile", "curves", "dashboard", "graph", "images", "images-predictions", "microscope", "parameters", "placement",
  "predict", "quiz",
];
const budget = 200 * 1024; // gzipped bytes of all of them: bundles travel to the browser as widget state

const entries = widgets
  .map((name) => join(here, "src", `${name}.ts`))
  .filter((path) => existsSync(path));

mkdirSync(staging, { recursive: true });
try {
  await build({
    entryPoints: entries,
    outdir: staging,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    // esbuild's own comments would carry this machine's paths into the wheel
    legalComments: "none",
    charset: "utf8",
    absWorkingDir: here,
    loader: { ".svg": "text" },
    logLevel: "warning",
  });
  // A finished file replaces the old one in one step: a running kernel never reads half a bundle.
  let total = 0;
  for (const file of readdirSync(staging)) {
    const packed = gzipSync(readFileSync(join(staging, file)), { level: 9 }).length;
    total += packed;
    if (total > budget) throw new Error(`${file}: ${total} bytes gzipped so far, budget ${budget}`);
    console.log(`${file.padEnd(16)} ${(packed / 1024).toFixed(1).padStart(6)} KB gzipped`);
    renameSync(join(staging, file), join(target, file));
  }
  console.log(`${"in all".padEnd(16)} ${(total / 1024).toFixed(1).padStart(6)} KB gzipped`);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

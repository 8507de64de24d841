// The recorded graph of a run, or its data pipeline, in the graph widget; the server is its kernel.
import { download } from "./curves-export";
import type { Board } from "./dashboard-board";
import { type GraphKind, type RunInfo, graphFile, graphScene } from "./dashboard-data";
import { fileName } from "./dashboard-export";
import graphWidget from "./graph";
import { type Model, h } from "./shared";

export type Values = Model & { change(name: string, value: unknown): void };

/** What a widget needs of a Jupyter model; `sent` gets what it would send to a kernel. */
export function modelOf(values: Record<string, unknown>, sent: (content: any) => void = () => {}): Values {
  const listeners = new Map<string, Set<(...args: any[]) => void>>();
  return {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    save_changes: () => {},
    send: (content) => sent(content),
    on: (event, callback) => { listeners.set(event, (listeners.get(event) ?? new Set()).add(callback)); },
    off: (event, callback) => {
      if (event && callback) listeners.get(event)?.delete(callback); else listeners.clear();
    },
    change(name, value) {
      values[name] = value;
      for (const callback of listeners.get(`change:${name}`) ?? []) callback();
    },
  };
}

export class GraphPane {
  private shown = "";
  private close = () => {};

  constructor(private board: Board, private body: HTMLElement, private choice: HTMLSelectElement) {}

  /** Nothing is shown any more. */
  leave(): void {
    this.close();
    this.close = () => {};
    this.shown = "";
  }

  async draw(kind: GraphKind): Promise<void> {
    const { board, body, choice } = this;
    const runs = board.chosen().filter((run) => (kind === "data" ? run.pipelines : run.graphs) > 0);
    const wanted = JSON.stringify(runs.map((run) => [run.number, run.name]));
    if (choice.dataset["runs"] !== wanted) {
      const before = choice.value;
      choice.dataset["runs"] = wanted;
      choice.replaceChildren(...runs.map((run) => h("option", { value: run.number }, run.name)));
      if (runs.some((run) => String(run.number) === before)) choice.value = before;
    }
    choice.parentElement!.hidden = !runs.length;
    const run = runs.find((r) => String(r.number) === choice.value);
    const key = run ? `${kind} ${run.number} ${run.graphs}` : "none";
    if (key === this.shown) return;
    this.leave();
    this.shown = key;
    body.replaceChildren();
    if (!run) {
      body.append(h("p", { class: "ms-d-empty" }, board.t("nothing")));
      return;
    }
    try {
      const { scene, unfolded } = await graphScene(run.number, kind);
      if (this.shown === key) this.mount(run, kind, { scene, unfolded, language: board.language });
    } catch {
      body.append(h("p", { class: "ms-note" }, board.t("broken")));
    }
  }

  private mount(run: RunInfo, kind: GraphKind, values: Record<string, unknown>): void {
    const model = modelOf(values, (message: { type: string; kind: string; unfolded: number[]; apart: number[]; backward: boolean }) => {
      if (message.type !== "export") return;
      void graphFile({
        run: run.number, kind, format: message.kind, language: this.board.language, backward: Number(message.backward),
        unfolded: message.unfolded.join(","), apart: message.apart.join(","),
      }).then((text) => download(`${fileName(run.name)}.${message.kind}`, new Blob([text])));
    });
    const close = graphWidget.render({ model, el: this.body }) as unknown;
    const follow = () => model.change("language", this.board.language);
    this.board.changed.add(follow);
    this.close = () => {
      this.board.changed.delete(follow);
      if (typeof close === "function") close();
    };
  }
}

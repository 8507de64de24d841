// The recall questions of a day: chosen or typed here, judged in Python, explained after answering.
import "./quiz.css";
import { type Model, type Words, announcer, followTheme, h, translator } from "./shared";

type Pair = { en: string; zh: string };
interface Question { id: string; text: Pair; options: Pair[]; several: boolean }
interface Result {
  right: boolean; given: string | number[]; answer: Pair; why: Pair; rightOptions: number[]; unsaved: string;
}

const words: Words = {
  title: { en: "Recall", zh: "想一想" },
  score: { en: "{right} of {total} right", zh: "答对 {right} / {total}" },
  several: { en: "(choose all that apply)", zh: "（可能不止一个）" },
  check: { en: "Check", zh: "检查" },
  answer: { en: "Your answer", zh: "你的答案" },
  right: { en: "Right.", zh: "正确。" },
  wrong: { en: "Not quite: {answer}.", zh: "不对，应为：{answer}。" },
  unsaved: { en: "(Not saved: {error})", zh: "（没能保存：{error}）" },
};

/** Text in which `backticks` mark code, as nodes. */
export function rich(text: string): Node[] {
  return text.split(/`([^`]+)`/).map((part, k) => (k % 2 ? h("code", {}, part) : document.createTextNode(part)));
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const t = translator(words, model);
  const inLanguage = (pair: Pair): string => pair[model.get("language") === "zh" ? "zh" : "en"];
  const title = h("h3", { class: "ms-title" });
  const score = h("span", { class: "ms-dim" });
  const list = h("div", {});
  const root = h("section", { class: "ms ms-quiz" }, h("div", { class: "ms-bar" }, title, score), h("p", {}), list);
  const say = announcer(root);
  el.append(root);

  const questions = (): Question[] => model.get("questions") ?? [];
  const results = (): Record<string, Result> => model.get("results") ?? {};

  const drawScore = () => {
    const right = questions().filter((question) => results()[question.id]?.right).length;
    title.textContent = t("title");
    score.textContent = t("score", { right, total: questions().length });
  };

  const drawVerdict = (question: Question, box: HTMLElement) => {
    const result = results()[question.id];
    const verdict = box.querySelector<HTMLElement>(".ms-verdict")!;
    if (!result) return verdict.replaceChildren();
    verdict.dataset["right"] = String(result.right);
    const head = result.right ? t("right") : t("wrong", { answer: inLanguage(result.answer) });
    const note = result.unsaved ? ` ${t("unsaved", { error: result.unsaved })}` : "";
    verdict.replaceChildren(h("strong", {}, ...rich(head)), " ", ...rich(inLanguage(result.why)), note);
    box.querySelectorAll("label").forEach((label, k) =>
      label.classList.toggle("ms-option-right", result.rightOptions.includes(k)));
  };

  const draw = () => {
    drawScore();
    list.replaceChildren(...questions().map((question, number) => {
      const name = `${question.id}-${Math.random().toString(36).slice(2)}`;
      const inputs = question.options.map((_, k) =>
        h("input", { type: question.several ? "checkbox" : "radio", name, value: k }));
      const field = h("input", { type: "text", "aria-label": t("answer"), autocomplete: "off", spellcheck: "false" });
      const submit = () => {
        const given = inputs.length
          ? inputs.flatMap((input, k) => (input.checked ? [k] : []))
          : field.value.trim();
        if (given.length) model.send({ type: "answer", id: question.id, given });
      };
      field.addEventListener("keydown", (event) => {
        event.stopPropagation(); // JupyterLab's own shortcuts would take the letters
        if (event.key === "Enter") submit();
      });
      const box = h("fieldset", { "data-question": question.id },
        h("legend", {}, `${number + 1}. `, ...rich(inLanguage(question.text)),
          question.several ? ` ${t("several")}` : null),
        ...(inputs.length
          ? inputs.map((input, k) => h("label", {}, input, h("span", {}, ...rich(inLanguage(question.options[k]!)))))
          : [field, " "]),
        h("button", { type: "button", onclick: submit }, t("check")),
        h("div", { class: "ms-verdict" }));
      drawVerdict(question, box);
      return box;
    }));
  };

  let known: Record<string, Result> = results();
  const onResults = () => {
    for (const question of questions()) {
      const result = results()[question.id];
      if (!result || result === known[question.id]) continue;
      const box = list.querySelector<HTMLElement>(`[data-question="${question.id}"]`);
      if (box) drawVerdict(question, box);
    }
    const changed = Object.entries(results()).filter(([id, r]) => JSON.stringify(r) !== JSON.stringify(known[id])).pop();
    if (changed) {
      const [, result] = changed;
      say(`${result.right ? t("right") : t("wrong", { answer: inLanguage(result.answer) })} ${inLanguage(result.why)}`);
    }
    known = results();
    drawScore();
  };
  model.on("change:results", onResults);
  model.on("change:language", draw);
  draw();
  const stop = followTheme(root);
  return () => {
    stop();
    model.off("change:results", onResults);
    model.off("change:language", draw);
  };
}

export default { render };

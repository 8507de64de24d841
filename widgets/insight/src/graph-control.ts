// Branches and loops: what their boxes are called.
import { type Scope, isPart } from "./graph-model";
import type { Words } from "./shared";

export const controlWords: Words = {
  port: { en: "value of a branch or loop", zh: "分支或循环的值" },
  part_then: { en: "then", zh: "成立时" },
  part_else: { en: "else", zh: "否则" },
  part_condition: { en: "condition", zh: "条件" },
  part_body: { en: "body", zh: "循环体" },
  part_back: { en: "back through a round", zh: "往回一轮" },
  taken: { en: "taken", zh: "走了这一支" },
  idle: { en: "not taken", zh: "没有走" },
  tests: { en: "tested {n}×", zh: "判断了 {n} 次" },
  round: { en: "1 round", zh: "1 轮" },
  rounds: { en: "{n} rounds", zh: "{n} 轮" },
  unfold_tip: { en: "Unfold {name}", zh: "展开 {name}" },
  fold_tip: { en: "Fold {name}", zh: "折叠 {name}" },
  folded: { en: "folded", zh: "已折叠" },
  unfolded: { en: "unfolded", zh: "已展开" },
};

type Translate = (key: string, values?: Record<string, string | number>) => string;

/** A scope's name; a branch or loop has its line of code, its parts say how often they ran. */
export function scopeTitle({ name, control }: Scope, t: Translate): string {
  if (!control) return name;
  const { kind, text, runs } = control;
  if (!isPart(control)) {
    const op = name.replace(/-op\d+$/, "");
    return text ? `${op} · ${text.length > 44 ? `${text.slice(0, 43)}…` : text}` : op;
  }
  if (runs === null) return t(`part_${kind}`);
  const ran = kind === "condition" ? t("tests", { n: runs }) : kind === "body" ? t(runs === 1 ? "round" : "rounds", { n: runs })
    : t(runs ? "taken" : "idle");
  return `${t(`part_${kind}`)} · ${ran}`;
}

// A small button on a card.
import { h } from "./shared";

export function tool(action: string, text: string, act: () => void) {
  const element = h("button", { type: "button", "data-action": action, onclick: act }, text);
  return {
    element,
    label(t: (key: string) => string): void {
      const words = t(`do_${action}`);
      if (element.title === words) return;
      element.title = words;
      element.setAttribute("aria-label", words);
    },
  };
}

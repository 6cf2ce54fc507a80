// HTML as elements, as far as the tests' components need HTML to be understood.

import { make } from "./fakes.js";

/** `element(tag, given, parent)` makes each of them; `given` is what stands behind the tag's name. */
export function parsed(html, element) {
  const open = [make("div.root")];
  for (const [, closing, tag, given, text] of html.matchAll(/<(\/?)(\w+)([^>]*)>|([^<]+)/g)) {
    if (text?.trim()) open.at(-1).append(text.trim());
    if (!tag) continue;
    if (closing) {
      open.pop();
      continue;
    }
    const node = element(tag, given, open.at(-1));
    open.at(-1).append(node);
    if (tag !== "input") open.push(node);
  }
  return open[0];
}

// A row of thumbnails as a group of radio buttons. Names come from uploaded files: textContent only.

import { unpack } from "../../base/js/blob.js";
import { pictureUrl } from "../../base/js/pictures.js";

/** Where a key leads from `index` in a row of `count`, or null where it leads nowhere. */
export function step(key, index, count) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (key === "ArrowRight" || key === "ArrowDown") return (index + 1) % count;
  if (key === "ArrowLeft" || key === "ArrowUp") return (index - 1 + count) % count;
  return null;
}

/** A name for a width of 80 px. The middle goes: photos of one camera differ at the end. */
export function shortened(name, most = 12) {
  const signs = Array.from(name);
  if (signs.length <= most) return name;
  return `${signs.slice(0, most - 9).join("")  }…${  signs.slice(-8).join("")}`;
}

/** A button with a picture and its name: {key, button, url}. */
function makeThumbnail({ key, name }, jpeg) {
  const url = pictureUrl(jpeg);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumbnail";
  button.setAttribute("role", "radio");
  button.setAttribute("aria-label", name);
  button.title = name;
  const picture = document.createElement("img");
  picture.alt = "";
  picture.draggable = false;
  picture.src = url;
  const label = document.createElement("span");
  label.textContent = shortened(name);
  label.setAttribute("aria-hidden", "true");
  button.append(picture, label);
  return { key, button, url };
}

/** Scroll the row alone, never the page around it, until the button is inside. */
function reveal(row, button) {
  const [outer, inner] = [row.getBoundingClientRect(), button.getBoundingClientRect()];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const left = inner.left - outer.left - 8;
  const right = inner.right - outer.right + 8;
  const by = left < 0 ? left : right > 0 ? right : 0;
  if (by) row.scrollBy({ left: by, behavior: still ? "auto" : "smooth" });
}

export class Row {
  /** @type {HTMLElement} */
  root;
  /** @type {string} */
  id;
  /** @type {string} */
  chosen;
  /** @type {{ key: string, button: HTMLButtonElement, url: string }[]} */
  thumbnails;

  constructor(root) {
    Object.assign(this, { root, id: "", chosen: "", thumbnails: [] });
    root.onclick = (event) => {
      const clicked = this.thumbnails.find(({ button }) => button.contains(event.target));
      if (clicked) this.pick(clicked);
    };
    root.onkeydown = (event) => this.press(event);
  }

  receive({ data, setTriggerValue }) {
    this.setTrigger = setTriggerValue;
    const { header, array } = unpack(data);
    if (this.id !== header.id) this.build(header, array);
    else if (this.chosen !== header.chosen) this.mark(header.chosen);
  }

  /**
   * Replace the thumbnails; the focus stays in the row if it was there.
   *
   * @param {Record<string, any>} header
   * @param {import("../../base/js/blob.js").PackedBlob["array"]} array
   */
  build({ id, chosen, items }, array) {
    const focused = this.thumbnails.some(({ button }) => button.matches(":focus"));
    this.release();
    this.id = id;
    this.thumbnails = items.map((item, index) => makeThumbnail(item, array(`thumbnail ${index}`).data));
    this.root.replaceChildren(...this.thumbnails.map(({ button }) => button));
    this.mark(chosen);
    const current = this.thumbnails.find(({ key }) => key === chosen);
    if (focused) current?.button.focus({ preventScroll: true });
    requestAnimationFrame(() => current && reveal(this.root, current.button));
  }

  /**
   * Outline the chosen one. Tab reaches it alone, as in every group of radio buttons; the first one
   * if none is chosen.
   */
  mark(chosen) {
    this.chosen = chosen;
    const current = this.thumbnails.find(({ key }) => key === chosen) ?? this.thumbnails[0];
    for (const { key, button } of this.thumbnails) {
      button.setAttribute("aria-checked", String(key === chosen));
      button.tabIndex = key === current.key ? 0 : -1;
    }
  }

  pick({ key, button }) {
    reveal(this.root, button);
    if (key === this.chosen) return;
    this.mark(key); // at once: the answer takes as long as the analysis
    this.setTrigger("picked", key);
  }

  press(event) {
    const index = this.thumbnails.findIndex(({ button }) => button === event.target);
    if (index < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = step(event.key, index, this.thumbnails.length);
    if (next === null) return;
    event.preventDefault();
    this.thumbnails[next].button.focus({ preventScroll: true });
    this.pick(this.thumbnails[next]);
  }

  release() {
    for (const { url } of this.thumbnails) URL.revokeObjectURL(url);
    this.thumbnails = [];
  }

  close() {
    this.release();
  }
}

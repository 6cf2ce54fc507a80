// A page of a table of pictures. Names come from files and data sets: textContent only.

import { unpack } from "../../base/js/blob.js";
import { pictureUrl } from "../../base/js/pictures.js";

const ARROWS = { ascending: " ▲", descending: " ▼" };

/** An element with a text, or with elements in it. */
function make(tag, changes, ...inside) {
  const element = Object.assign(document.createElement(tag), changes);
  element.append(...inside);
  return element;
}

export class SetTable {
  /** @type {HTMLElement} */
  root;
  /** @type {string} */
  id;
  /** @type {string[]} */
  urls;
  /** @type {{ key: string, line: HTMLElement }[]} */
  lines;

  constructor(root) {
    Object.assign(this, { root, id: "", urls: [], lines: [] });
  }

  receive({ data, setTriggerValue }) {
    this.setTrigger = setTriggerValue;
    const { header, array } = unpack(data);
    if (this.id !== header.id) this.build(header, array);
    this.mark(header.chosen);
  }

  /** Replace the table; the focus stays on its header or row if it was there. */
  build(header, array) {
    const focused = this.focused();
    this.release();
    this.id = header.id;
    const head = make("tr", {}, make("th", { scope: "col" }, this.hidden("Picture and focus")));
    head.append(...header.columns.map((column) => this.header(column, header)));
    this.lines = header.rows.map((row, index) => {
      const pictures = ["photo", "focus"].map((kind) => array(`${kind} ${index}`).data);
      return { key: row.key, line: this.line(row, pictures, header.columns) };
    });
    const body = make("tbody", {}, ...this.lines.map(({ line }) => line));
    this.root.replaceChildren(make("table", {}, make("thead", {}, head), body));
    if (focused) this.buttons().find((button) => button.dataset.name === focused)?.focus({ preventScroll: true });
  }

  /** Text for screen readers alone. */
  hidden(text) {
    const element = make("span", { textContent: text });
    Object.assign(element.style, { position: "absolute", width: "1px", height: "1px", overflow: "hidden" });
    return element;
  }

  header({ name, title }, { sorted, descending }) {
    const order = name === sorted ? (descending ? "descending" : "ascending") : "none";
    const button = make("button", { type: "button", textContent: title + (ARROWS[order] ?? "") });
    button.dataset.name = `sort ${name}`;
    button.onclick = () => this.setTrigger("sorted", name);
    const cell = make("th", { scope: "col" }, button);
    cell.setAttribute("aria-sort", order);
    return cell;
  }

  line({ key, name, cells }, pictures, columns) {
    const look = make("button", { type: "button", className: "look" });
    look.setAttribute("aria-label", `Look at ${name}`);
    look.dataset.name = `open ${key}`;
    for (const jpeg of pictures) look.append(this.picture(jpeg));
    look.onclick = () => {
      this.mark(key); // at once: the answer takes as long as the analysis
      this.setTrigger("opened", key);
    };
    const texts = cells.map((text, index) =>
      make("td", { className: columns[index].number ? "number" : "text", textContent: text }),
    );
    return make("tr", {}, make("td", {}, look), ...texts);
  }

  picture(jpeg) {
    if (!jpeg.length) return make("span", { className: "none" });
    const url = pictureUrl(jpeg);
    this.urls.push(url);
    return make("img", { src: url, alt: "", draggable: false });
  }

  mark(chosen) {
    for (const { key, line } of this.lines) line.setAttribute("aria-current", String(key === chosen));
  }

  buttons() {
    return Array.from(/** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("button")));
  }

  focused() {
    return this.buttons().find((button) => button.matches(":focus"))?.dataset.name;
  }

  release() {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
  }

  close() {
    this.release();
  }
}

// The rows of a set in pages, in an order, and found by words.

import { counted, make } from "./elements.js";

const PAGE = 50;
const IN_ORDER = "in their order";
/** @type {Record<string, [string, number]>} values by which rows are kept */
const ONLY = { error: ["error", NaN], flat: ["flat", 1], sure: ["sure", 1], unsure: ["sure", 0], differ: ["same_top", 0] };

export class SetTable {
  /**
   * @param {Document} page
   * @param {import("./rows.js").SetRows} rows
   * @param {import("./pictures.js").SetPictures} pictures
   * @param {[string, string][]} columns names and titles
   * @param {import("./look.js").Look} look
   */
  constructor(page, rows, pictures, columns, look) {
    this.page = page;
    this.rows = rows;
    this.pictures = pictures;
    this.columns = columns;
    this.look = look;
    /** @type {number[]} */
    this.chosen = [];
    /** @type {{ at: number, order: [string, number] | null, group: number[] | null }} */
    this.state = { at: 0, order: null, group: null };
    /** @type {Map<string, [string, number] | null>} */
    this.orders = new Map([[IN_ORDER, null]]);
    this.listen();
  }

  /** @returns {any} */
  one(selector) {
    return this.page.querySelector(selector);
  }

  listen() {
    this.one("[name=back]").onclick = () => this.turn(-1);
    this.one("[name=on]").onclick = () => this.turn(1);
    this.one("[name=all]").onclick = () => this.showGroup(null);
    this.one("[name=find]").oninput = () => this.choose();
    this.one("[name=only]").onchange = () => this.choose();
    this.one("section form").onsubmit = (event) => event.preventDefault();
    this.one("[name=order]").onchange = ({ target }) => this.sortBy(this.orders.get(target.value));
  }

  /** Offer orders: title, column and direction. */
  offer(orders) {
    for (const [title, name, direction] of orders) {
      if (this.rows.has(name)) this.orders.set(title, [name, direction]);
    }
    const titles = [...this.orders.keys()];
    this.one("[name=order]").replaceChildren(
      ...titles.map((title) => make("option", { value: title, textContent: title })),
    );
    for (const option of [...this.one("[name=only]").options]) {
      const [name] = ONLY[option.value] ?? ["path"];
      if (!this.rows.has(name)) option.remove();
    }
  }

  /** Sort as one of the orders that are offered. */
  inOrder(title) {
    this.one("[name=order]").value = title;
    this.sortBy(this.orders.get(title));
    this.scroll();
  }

  sortBy(order) {
    this.state.order = order ?? null;
    this.choose();
  }

  /** Show some rows only, or all. */
  showGroup(members) {
    this.state.group = members;
    if (members) this.state.order = null; // those nearest to its middle come first
    this.choose();
    if (members) this.scroll();
  }

  scroll() {
    this.one(".count").scrollIntoView({ block: "center" });
  }

  turn(by) {
    this.state.at += by;
    this.show();
  }

  fits(row, words, only) {
    if (only) {
      const value = this.rows.value(only[0], row);
      if (Number.isNaN(only[1]) ? value === null : value !== only[1]) return false;
    }
    return !words || this.rows.mentions(row, words);
  }

  /** Choose the rows and their order anew. */
  choose() {
    const words = this.one("[name=find]").value.trim().toLowerCase();
    const only = ONLY[this.one("[name=only]").value];
    const all = this.state.group ?? Array.from({ length: this.rows.count }, (_, row) => row);
    this.chosen = all.filter((row) => this.fits(row, words, only));
    if (this.state.order) this.rows.sort(this.chosen, this.state.order);
    this.state.at = 0;
    this.show();
  }

  show() {
    const { at, group } = this.state;
    const pages = Math.max(1, Math.ceil(this.chosen.length / PAGE));
    const begin = at * PAGE;
    const shown = this.chosen.slice(begin, begin + PAGE);
    this.one("tbody").replaceChildren(...shown.map((row, number) => this.line(row, begin + number)));
    this.one("thead tr").replaceChildren(make("th"), ...this.columns.map((column) => this.header(column)));
    const of = group ? `, of a group of ${counted(group.length)}` : "";
    const noun = this.chosen.length === 1 ? "picture" : "pictures";
    this.one(".count").textContent = `${counted(this.chosen.length)} ${noun}${of}`;
    this.one("nav span").textContent = `Page ${counted(at + 1)} of ${counted(pages)}`;
    this.one("[name=back]").disabled = at === 0;
    this.one("[name=on]").disabled = at === pages - 1;
    this.one("[name=all]").hidden = !group;
  }

  header([name, title]) {
    const { order } = this.state;
    const sorted = order?.[0] === name ? order[1] : 0;
    const button = make("button", { type: "button", textContent: title + ["", " ▲", " ▼"].at(sorted) });
    button.onclick = () => this.sortBy([name, sorted > 0 ? -1 : 1]);
    const cell = make("th", { scope: "col" }, button);
    if (sorted) cell.ariaSort = sorted > 0 ? "ascending" : "descending";
    return cell;
  }

  line(row, at) {
    const [plain, focus] = [make("canvas"), make("canvas")];
    const button = make("button", { className: "look", type: "button" }, plain, focus);
    button.ariaLabel = `Look at ${this.rows.text("path", row)}`;
    button.onclick = () => this.look.open(this.chosen, at);
    this.pictures.draw(row, { plain, focus });
    const cells = this.columns.map(([name]) => {
      const number = typeof this.rows.value(name, row) === "number";
      return make("td", { className: number ? "number" : `text ${name}`, textContent: this.rows.text(name, row) });
    });
    return make("tr", {}, make("td", {}, button), ...cells);
  }
}

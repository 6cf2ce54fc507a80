// A single picture of the set: the viewer where there is one, and all that is known of it.

import { Place } from "../../report/js/main.js";
import { make } from "./elements.js";

export class Look {
  /**
   * @param {Document} page
   * @param {any} assets the viewer's
   * @param {import("./rows.js").SetRows} rows
   * @param {import("./pictures.js").SetPictures} pictures
   * @param {[string, string][]} columns names and titles of what is told
   * @param {string[]} networks names of this one, and of the other if there is one
   */
  constructor(page, assets, rows, pictures, columns, networks) {
    this.assets = assets;
    this.rows = rows;
    this.pictures = pictures;
    this.columns = columns;
    this.networks = networks;
    this.dialog = page.querySelector("dialog");
    this.place = null;
    this.shown = -1;
    this.step = null;
    this.dialog.onclose = () => this.leave();
    for (const [name, by] of /** @type {[string, number][]} */ ([["before", -1], ["after", 1]])) {
      this.button(name).onclick = () => this.step(by);
    }
  }

  /** @returns {HTMLButtonElement} */
  button(name) {
    return this.dialog.querySelector(`[name=${name}]`);
  }

  /**
   * Show the row at a position of some rows, with a way to those beside it.
   *
   * @param {number[]} rows
   * @param {number} at
   */
  open(rows, at) {
    const row = rows[at];
    this.leave();
    this.shown = row;
    this.step = (by) => this.open(rows, at + by);
    this.button("before").disabled = at === 0;
    this.button("after").disabled = at === rows.length - 1;
    const place = make("div", { className: "viewer-place" });
    const article = make("article", {}, place, this.stills(row), this.facts(row));
    this.dialog.querySelector(".look-at").replaceChildren(article);
    if (!this.dialog.open) this.dialog.showModal();
    this.view(row, place);
  }

  /** The viewer, as soon as its data are there, if the row is still looked at. */
  async view(row, place) {
    const blob = await this.pictures.blob(row);
    if (!blob || this.shown !== row || !place.isConnected) return;
    this.place = new Place(place, this.assets, blob);
    this.place.open();
  }

  leave() {
    if (this.place?.close) this.place.leave();
    this.place = null;
    this.shown = -1;
  }

  /** The picture and its focus, for browsers without a viewer; and what both networks look at. */
  stills(row) {
    const [plain, focus] = [make("canvas"), make("canvas")];
    this.pictures.draw(row, { plain, focus });
    const pair = make("div", { className: "pair" }, plain, focus);
    if (this.rows.value("other_top", row) === null) return pair;
    const [own, other] = [make("canvas"), make("canvas")];
    this.pictures.draw(row, { focus: own, other });
    const figures = [own, other].map((canvas, number) => {
      const textContent = `In focus for ${this.networks[number]}`;
      return make("figure", {}, canvas, make("figcaption", { textContent }));
    });
    return make("div", {}, pair, make("div", { className: "both" }, ...figures));
  }

  facts(row) {
    const list = make("dl");
    for (const [name, title] of this.columns) {
      const told = name === "path" ? this.rows.value(name, row) : this.rows.text(name, row);
      if (told) list.append(make("dt", { textContent: title }), make("dd", { textContent: told }));
    }
    return list;
  }
}

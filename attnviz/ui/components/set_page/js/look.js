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
   */
  constructor(page, assets, rows, pictures, columns) {
    this.assets = assets;
    this.rows = rows;
    this.pictures = pictures;
    this.columns = columns;
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

  stills(row) {
    const [plain, focus, other] = [make("canvas"), make("canvas"), make("canvas")];
    const pair = make("div", { className: "pair" }, plain, focus);
    if (this.rows.value("other_top", row) === null) {
      this.pictures.draw(row, { plain, focus });
      return pair;
    }
    this.pictures.draw(row, { plain, focus, other });
    const caption = make("figcaption", { textContent: "In focus for the other network" });
    return make("div", {}, pair, make("figure", { className: "other" }, other, caption));
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

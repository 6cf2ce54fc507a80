// The rows of a set, as attnviz/batch/page_columns.py packs them.

import { fromBase64 } from "../../base/js/tables.js";

const MISSING = 255;

/** What reads a row's value of a column: text, number, 0 or 1, or null. */
function reader(column) {
  if (column.texts) {
    return (row) => column.prefix + column.texts[row];
  }
  if (column.words) {
    const codes = new Int32Array(fromBase64(column.codes).buffer);
    return (row) => (codes[row] < 0 ? null : column.words[codes[row]]);
  }
  if (column.flags) {
    const flags = fromBase64(column.flags);
    return (row) => (flags[row] === MISSING ? null : flags[row]);
  }
  const numbers = new Float32Array(fromBase64(column.numbers).buffer);
  return (row) => (Number.isNaN(numbers[row]) ? null : numbers[row]);
}

/** All rows by their numbers. */
export class SetRows {
  constructor({ count, columns }) {
    this.count = count;
    /** @type {Map<string, (row: number) => any>} */
    this.readers = new Map(Object.entries(columns).map(([name, column]) => [name, reader(column)]));
    const [down, across] = ["centre_y", "centre_x"].map((name) => this.readers.get(name));
    if (down && across) {
      this.readers.set("off_centre", (row) =>
        down(row) === null ? null : Math.hypot(down(row) - 0.5, across(row) - 0.5),
      );
    }
  }

  has(name) {
    return this.readers.has(name);
  }

  value(name, row) {
    return this.readers.get(name)?.(row) ?? null;
  }

  /** A value as it is shown. */
  text(name, row) {
    const value = this.value(name, row);
    if (value === null) return "";
    if (name === "path") return value.split(/[\\/]/).slice(-2).join("/");
    return typeof value === "number" ? value.toFixed(3) : value;
  }

  /** Whether a row has the words in its texts, in small letters. */
  mentions(row, words) {
    return ["path", "group", "top1", "error"].some((name) =>
      String(this.value(name, row) ?? "").toLowerCase().includes(words),
    );
  }

  /**
   * Sort rows by a column, those without a value last.
   *
   * @param {number[]} rows sorted in place
   * @param {[string, number]} order the column, and 1 or -1
   */
  sort(rows, [name, direction]) {
    const read = this.readers.get(name);
    const keys = new Map(rows.map((row) => [row, read(row)]));
    rows.sort((a, b) => {
      const [x, y] = [keys.get(a), keys.get(b)];
      if (x === null || y === null) return Number(x === null) - Number(y === null);
      return direction * (x < y ? -1 : x > y ? 1 : 0);
    });
  }
}

/** The numbers of a group's members. */
export function membersOf(cluster) {
  return [...new Uint32Array(fromBase64(cluster.members).buffer)];
}

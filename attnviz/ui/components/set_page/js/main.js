// The page over a set: its rows, groups of pictures that are alike, and the viewer for each picture.
// Rows and pictures lie in scripts, which call the two functions that are put on the window here.

import { counted, make } from "./elements.js";
import { card } from "./groups.js";
import { Look } from "./look.js";
import { SetPictures } from "./pictures.js";
import { SetRows } from "./rows.js";
import { Shards } from "./shards.js";
import { SetTable } from "./table.js";

const GROUPS = 6;
/** @type {[string, string][]} */
const COLUMNS = [
  ["path", "Picture"], ["group", "Group"], ["top1", "Class"], ["other_top", "Class by the other"],
  ["probability1", "Probability"], ["margin", "Margin"], ["focus_share", "In focus"], ["entropy", "Entropy"],
  ["off_centre", "Off centre"], ["inside_box", "In the box"], ["blur_budget", "Must stay sharp"],
  ["overlap", "Shared focus"], ["layer", "Layer"], ["error", "Error"],
];
/** @type {[string, string][]} what is told of a single picture only */
const MORE = [
  ["top2", "Next class"], ["probability2", "Its probability"], ["other_probability", "Probability by the other"],
  ["target", "Explains"], ["method", "Method"], ["spread", "Spread"],
];

/** What the page says of the set as a whole: sentences, and an order in which they are seen. */
function finding({ title, text, order }, table) {
  const section = make("section", { className: "finding" }, make("h2", { textContent: title }), make("p", { textContent: text }));
  if (order) {
    const button = make("button", { type: "button", textContent: `Show ${order}` });
    button.onclick = () => table.inOrder(order);
    section.append(button);
  }
  return section;
}

/**
 * Fill the page.
 *
 * @param {Document} page
 * @param {any} assets the viewer's, its HTML and its CSS
 */
export function mount(page, assets) {
  const shards = new Shards(page);
  const show = (content) => {
    const rows = new SetRows(content);
    const pictures = new SetPictures(shards, content);
    const columns = COLUMNS.filter(([name]) => rows.has(name));
    const look = new Look(page, assets, rows, pictures, [...columns, ...MORE], content.networks);
    const table = new SetTable(page, rows, pictures, columns, look);
    page.title = page.querySelector("h1").textContent = content.title;
    const failed = content.failed ? `, ${counted(content.failed)} of which failed` : "";
    page.querySelector(".told").textContent = `${counted(content.count)} pictures${failed}`;
    page.querySelector(".findings").append(...content.findings.map((one) => finding(one, table)));
    /** @type {HTMLElement} */ (page.querySelector(".groups")).hidden = content.clusters.length === 0;
    const cards = content.clusters.slice(0, GROUPS);
    page.querySelector(".cards").append(
      ...cards.map((cluster) => card(cluster, pictures, (members) => table.showGroup(members))),
    );
    table.offer(content.orders);
    table.choose();
  };
  Object.assign(window, { attnvizSet: show, attnvizShard: (name, content) => shards.arrive(name, content) });
}

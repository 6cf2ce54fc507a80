// Groups of pictures that are alike in where the network looks.

import { counted, make, percent } from "./elements.js";
import { membersOf } from "./rows.js";

const SIDE = 8;
const SHOWN = 4;

/**
 * A card for a group: where its maps lie, its first pictures, and what is told of it.
 *
 * @param {any} cluster
 * @param {import("./pictures.js").SetPictures} pictures
 * @param {(members: number[]) => void} choose called with its members when it is clicked
 */
export function card(cluster, pictures, choose) {
  const members = membersOf(cluster);
  const strip = make("span", { className: "strip" }, place(cluster.place));
  for (const row of members.slice(0, SHOWN)) {
    const focus = make("canvas");
    strip.append(focus);
    pictures.draw(row, { focus });
  }
  const { purity, usual, distance, label } = cluster;
  const told = `${percent(purity)} ${label || "without a class"} (${percent(usual)} of all)`;
  const where = `${percent(distance)} of the map lies elsewhere than usual`;
  const chance = cluster.stands_out
    ? "More of one class than chance brings about: it may follow a shortcut."
    : "Not more of one class than chance may bring about.";
  const button = make(
    "button",
    { className: "card", type: "button" },
    strip,
    make("strong", { textContent: told }),
    make("span", { textContent: `${counted(members.length)} pictures; ${where}. ${chance}` }),
  );
  button.onclick = () => choose(members);
  return button;
}

/** The mean map of a group as a small picture. */
function place(shares) {
  const canvas = make("canvas", { className: "place", width: SIDE, height: SIDE });
  const most = Math.max(...shares);
  const data = new ImageData(SIDE, SIDE);
  shares.forEach((share, at) => {
    const level = Math.round((255 * share) / most);
    data.data.set([level, level, Math.round(level / 2), 255], 4 * at);
  });
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}

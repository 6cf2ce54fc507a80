// The entry of both components: a round to be played, or the replay of one.

import { mounting } from "../../base/js/mount.js";
import { Player } from "./player.js";
import { Replay } from "./replay.js";

const mountPlayer = mounting(".play", (root) => new Player(root));
const mountReplay = mounting(".replay", (root) => new Replay(root));

/** @param {import("../../base/js/mount.js").Component} component */
export function mount(component) {
  return (component.parentElement.querySelector(".play") ? mountPlayer : mountReplay)(component);
}

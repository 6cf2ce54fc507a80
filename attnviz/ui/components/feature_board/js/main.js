// The component's entry.

import { mounting } from "../../base/js/mount.js";
import { Board } from "./board.js";

export const mount = mounting(".board", (root, assets) => new Board(root, assets));

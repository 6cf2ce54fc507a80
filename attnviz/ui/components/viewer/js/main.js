// The component's entry.

import { mounting } from "../../base/js/mount.js";
import { Viewer } from "./viewer.js";

export const mount = mounting(".viewer", (root, assets) => new Viewer(root, assets));

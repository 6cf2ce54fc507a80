// The component's entry.

import { mounting } from "../../base/js/mount.js";
import { Gaze } from "./gaze.js";

export const mount = mounting(".gaze", (root) => new Gaze(root));

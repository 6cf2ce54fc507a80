// The component's entry.

import { mounting } from "../../base/js/mount.js";
import { Eye } from "./eye.js";

export const mount = mounting(".eye", (root, assets) => new Eye(root, assets));

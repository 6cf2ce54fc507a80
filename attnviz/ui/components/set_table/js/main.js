// The component's entry.

import { mounting } from "../../base/js/mount.js";
import { SetTable } from "./table.js";

export const mount = mounting(".set", (root) => new SetTable(root));

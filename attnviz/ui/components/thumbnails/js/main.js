// The component's entry.

import { mounting } from "../../base/js/mount.js";
import { Row } from "./row.js";

export const mount = mounting(".row", (root) => new Row(root));

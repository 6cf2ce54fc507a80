// The component's entry.

import { unpack } from "../../base/js/blob.js";
import { mounting } from "../../base/js/mount.js";
import { meet } from "./cookie.js";
import { closeAfterChoice } from "./menu.js";
import { offerSkipping } from "./skip.js";
import { keepSteps } from "./steps.js";

class Browser {
  constructor(steps) {
    keepSteps(window, steps);
    offerSkipping(document);
    closeAfterChoice(document, matchMedia("(max-width: 768px)"));
  }

  receive({ data, setStateValue }) {
    const { cookie, token } = unpack(data).header;
    const known = meet(document, location, cookie, token);
    if (known !== token) setStateValue("known", known);
  }

  close() {}
}

export const mount = mounting(".browser", (_root, { steps }) => new Browser(steps));

// The component's entry.

import { unpack } from "../../base/js/blob.js";
import { mounting } from "../../base/js/mount.js";
import { meet } from "./cookie.js";
import { linkAfterSignIn } from "./link.js";
import { closeAfterChoice } from "./menu.js";
import { onReconnection } from "./reconnect.js";
import { lost } from "./restart.js";
import { offerSkipping } from "./skip.js";
import { keepSteps } from "./steps.js";

class Browser {
  constructor(steps) {
    keepSteps(window, steps);
    offerSkipping(document);
    closeAfterChoice(document, matchMedia("(max-width: 768px)"));
    this.tell = (_name, _value) => {};
    this.leave = onReconnection(document, () => this.tell("reconnected", true));
  }

  receive({ data, setStateValue, setTriggerValue }) {
    this.tell = setTriggerValue;
    const { cookie, token, server, kept, admitted } = unpack(data).header;
    const known = meet(document, location, cookie, token);
    if (known !== token) setStateValue("known", known);
    const link = linkAfterSignIn(sessionStorage, location, admitted);
    if (link !== null) location.replace(link);
    const gone = lost(sessionStorage, server, kept);
    if (gone !== null) setStateValue("lost", gone);
  }

  close() {
    this.leave();
  }
}

export const mount = mounting(".browser", (_root, { steps }) => new Browser(steps));

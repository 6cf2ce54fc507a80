// The component's entry: one stage for each place on a page, kept while Streamlit reruns the script.

import { Gaze } from "./gaze.js";
import { unpack } from "./payload.js";

const stages = new WeakMap();

/** Streamlit calls this when the stage appears, and when its data change. */
export function mount({ parentElement, data }) {
  const root = parentElement.querySelector(".gaze");
  const state = stages.get(root) ?? { gaze: new Gaze(root), id: "", calls: 0 };
  stages.set(root, state);
  const call = ++state.calls;
  const received = unpack(data);
  if (state.id !== received.header.id) {
    state.id = received.header.id;
    state.gaze.receive(received);
  }
  return () => {
    if (state.calls !== call) return; // a later call has taken over
    state.gaze.close();
    stages.delete(root);
  };
}

// The entry of both components: a round to be played, or one that is played back.

import { decoded, unpack } from "./payload.js";
import { Player } from "./player.js";
import { Replay } from "./replay.js";

const shown = new WeakMap();

/** Streamlit calls this when a component appears, when its data change, and when the theme does. */
export function mount({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".play") ?? parentElement.querySelector(".replay");
  const state = shown.get(root) ?? { part: made(root), id: "", calls: 0 };
  shown.set(root, state);
  state.part.tell = setTriggerValue;
  const call = ++state.calls;
  load(state, unpack(data));
  return () => {
    if (state.calls !== call) return; // a later call has taken over
    state.part.close();
    shown.delete(root);
  };
}

const made = (root) => (root.classList.contains("play") ? new Player(root) : new Replay(root));

async function load(state, { header, pictures }) {
  if (state.id === header.id) return;
  state.id = header.id;
  const { part } = state;
  if (part instanceof Player) part.announce(header);
  const bitmaps = await decoded(pictures);
  if (state.id !== header.id) return; // another one has come meanwhile
  if (part instanceof Player) part.receive(bitmaps);
  else part.receive(header, bitmaps);
}

// The component's entry: one board for each place on a page, kept while Streamlit reruns the script.

import { Board } from "./board.js";
import { unpack } from "./payload.js";

const boards = new WeakMap();
const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** Streamlit calls this when the board appears, and when its data change. */
export function mount({ parentElement, data }) {
  const root = parentElement.querySelector(".budget");
  const state = boards.get(root) ?? { board: new Board(root), id: "", calls: 0 };
  boards.set(root, state);
  const call = ++state.calls;
  load(state, unpack(data));
  return () => {
    if (state.calls !== call) return; // a later call has taken over
    state.board.close();
    boards.delete(root);
  };
}

async function load(state, budget) {
  const { id } = budget.header;
  if (state.id === id) return;
  state.id = id;
  const bitmaps = await Promise.all(
    budget.pictures.map((png) => createImageBitmap(new Blob([png], { type: "image/png" }), options)),
  );
  if (state.id === id) state.board.receive(budget, bitmaps);
}

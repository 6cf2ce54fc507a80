// The component's entry: one board for each place on a page, kept while Streamlit reruns the script.

import { Board } from "./board.js";

const boards = new WeakMap();

/** Streamlit calls this when the grid appears, when its data change, and when the theme does. */
export function mount(component, assets) {
  const root = component.parentElement.querySelector(".compare");
  const state = boards.get(root) ?? { board: new Board(root, assets), calls: 0 };
  boards.set(root, state);
  const call = ++state.calls;
  state.board.receive(component);
  return () => {
    if (state.calls !== call) return; // a later call has taken over
    state.board.close();
    boards.delete(root);
  };
}

// Hands the pair to the grid on the same page. It comes by itself, for a component's bytes are sent
// as a whole: with those of the grid, every new pair would bring all pictures and maps along.

export const PAIR = "attnviz-compare-pair";
export const WANTED = "attnviz-compare-pair-wanted";

/** Streamlit calls this when the pair appears and when it changes; the grid asks when it appears. */
export default function mountPair({ data }) {
  const bytes = data.slice();
  const tell = () => document.dispatchEvent(new CustomEvent(PAIR, { detail: bytes }));
  tell();
  document.addEventListener(WANTED, tell);
  return () => document.removeEventListener(WANTED, tell);
}

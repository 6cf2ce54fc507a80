// A row of thumbnails as a group of radio buttons. `data` is one blob, see packing.py:
// u32 length | JSON header | JPEGs. Names come from uploaded files: textContent only.

const rows = new WeakMap();

/** Header and pictures of a blob; the view into Streamlit's message is not aligned. */
export function unpack(blob) {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(blob.subarray(4, 4 + length)));
  const items = header.items.map((item) => ({
    key: item.key,
    name: item.name,
    jpeg: blob.slice(4 + length + item.start, 4 + length + item.start + item.size),
  }));
  return { id: header.id, chosen: header.chosen, items };
}

/** Where a key leads from `index` in a row of `count`, or null where it leads nowhere. */
export function step(key, index, count) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (key === "ArrowRight" || key === "ArrowDown") return (index + 1) % count;
  if (key === "ArrowLeft" || key === "ArrowUp") return (index - 1 + count) % count;
  return null;
}

/** A name for a width of 80 px. The middle goes: photos of one camera differ at the end. */
export function shortened(name, most = 12) {
  const signs = Array.from(name);
  if (signs.length <= most) return name;
  return signs.slice(0, most - 9).join("") + "…" + signs.slice(-8).join("");
}

function makeThumbnail(item) {
  const url = URL.createObjectURL(new Blob([item.jpeg], { type: "image/jpeg" }));
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumbnail";
  button.setAttribute("role", "radio");
  button.setAttribute("aria-label", item.name);
  button.title = item.name;
  const picture = document.createElement("img");
  picture.alt = "";
  picture.draggable = false;
  picture.src = url;
  const name = document.createElement("span");
  name.textContent = shortened(item.name);
  name.setAttribute("aria-hidden", "true");
  button.append(picture, name);
  return { key: item.key, button, url };
}

function release(state) {
  for (const one of state.made) URL.revokeObjectURL(one.url);
  state.made = [];
}

/** Outline the chosen one; it alone is reached by Tab, as in every group of radio buttons. */
function mark(state, key) {
  state.chosen = key;
  for (const one of state.made) {
    const on = one.key === key;
    one.button.setAttribute("aria-checked", String(on));
    one.button.tabIndex = on ? 0 : -1;
  }
}

/** Scroll the row alone, never the page around it, until the chosen one is inside. */
function reveal(row, button) {
  const [outer, inner] = [row.getBoundingClientRect(), button.getBoundingClientRect()];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const left = inner.left - outer.left - 8;
  const right = inner.right - outer.right + 8;
  const by = left < 0 ? left : right > 0 ? right : 0;
  if (by) row.scrollBy({ left: by, behavior: still ? "auto" : "smooth" });
}

export default function show({ parentElement, data, setTriggerValue }) {
  const row = parentElement.querySelector(".row");
  const state = rows.get(row) ?? { id: "", chosen: "", made: [] };
  rows.set(row, state);
  const { id, chosen, items } = unpack(data);

  if (state.id !== id) {
    const focused = state.made.findIndex((one) => one.button.matches(":focus"));
    release(state);
    state.id = id;
    state.made = items.map(makeThumbnail);
    row.replaceChildren(...state.made.map((one) => one.button));
    mark(state, chosen);
    const now = state.made.find((one) => one.key === chosen);
    if (focused >= 0) now?.button.focus({ preventScroll: true });
    requestAnimationFrame(() => now && reveal(row, now.button));
  } else if (state.chosen !== chosen) {
    mark(state, chosen);
  }

  const pick = (one) => {
    reveal(row, one.button);
    if (one.key === state.chosen) return;
    mark(state, one.key); // at once: the answer takes as long as the analysis
    setTriggerValue("picked", one.key);
  };
  row.onclick = (event) => {
    const one = state.made.find((made) => made.button.contains(event.target));
    if (one) pick(one);
  };
  row.onkeydown = (event) => {
    const index = state.made.findIndex((one) => one.button === event.target);
    if (index < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = step(event.key, index, state.made.length);
    if (next === null) return;
    event.preventDefault();
    state.made[next].button.focus({ preventScroll: true });
    pick(state.made[next]);
  };
  return () => {
    release(state);
    rows.delete(row);
  };
}

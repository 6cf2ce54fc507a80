// The maps that can lead the gaze, as a row of small pictures to choose one from.

/** Fill the row; `choose(index)` is called for a click or an arrow key. */
export function buildMaps(row, paths, addresses, choose) {
  const buttons = paths.map((path, index) => {
    const button = document.createElement("button");
    const picture = document.createElement("img");
    const name = document.createElement("span");
    const note = document.createElement("small");
    button.type = "button";
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", "false");
    picture.src = addresses[index];
    picture.alt = "";
    name.textContent = path.title;
    note.textContent = path.note;
    button.append(picture, name, note);
    button.onclick = () => choose(index);
    button.onkeydown = (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = (index + by + paths.length) % paths.length;
      choose(next);
      buttons[next].focus();
    };
    return button;
  });
  row.replaceChildren(...buttons);
}

/** Mark the chosen map. */
export function markMap(row, chosen) {
  [...row.children].forEach((button, index) => {
    button.setAttribute("aria-checked", String(index === chosen));
    button.tabIndex = index === chosen ? 0 : -1;
  });
}

/** The sentence about the stop the gaze rests on, or of the path before it starts. */
export function stopSaid(path, stops, at) {
  if (!path || path.refused) return "";
  if (at < 0) return `${stops.length} fixations, strongest place first; each place is held back for a while once it was seen.`;
  const { strength, ms } = stops[at];
  return `Fixation ${at + 1} of ${stops.length}: ${Math.round(100 * strength)} % as strong as the first, ` +
    `won after ${Math.round(ms)} ms of the simulation.`;
}

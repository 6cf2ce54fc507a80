// The controls beside the picture: distance, exaggeration, the screen's size, the threshold.

import { FIRST } from "./settings.js";
import { coarserThan } from "./sentences.js";

// ISO/IEC 7810 ID-1: bank cards, most driving licences.
const CARD_CM = { wide: 8.56, high: 5.398 };
const NUMBERS = ["leastContrast", "decay", "halfAngle"];
const EYE = Object.fromEntries(NUMBERS.map((name) => [name, FIRST[name]]));

/** The card's outline: lying where it fits into `room` px, else upright. */
export function cardSize(pxPerCm, room) {
  const { wide, high } = CARD_CM;
  const [width, height] = wide * pxPerCm <= room ? [wide, high] : [high, wide];
  return { width: width * pxPerCm, height: height * pxPerCm };
}

/** Connect the controls; `change(changes)` is called as they move. Returns show(settings). */
export function connect(root, change) {
  const part = (name) => root.querySelector(`.${name}`);
  const listen = (name, event, setting) => {
    part(name)[event] = () => change({ [setting]: part(name).value });
  };
  listen("distance", "oninput", "distance");
  listen("distance-cm", "onchange", "distance");
  listen("coarser", "oninput", "coarser");
  listen("card-width", "oninput", "pxPerCm");
  for (const name of NUMBERS) listen(name, "onchange", name);
  part("measured").onclick = () => change(EYE);
  part("screen-cm").onchange = () => {
    const wide = Number(part("screen-cm").value);
    change({ pxPerCm: wide > 0 ? window.screen.width / wide : part("screen-cm").value });
  };
  part("show-rings").onchange = () => change({ rings: part("show-rings").checked });
  part("screen").ontoggle = () => change({});
  return (settings) => {
    part("distance").value = settings.distance;
    part("distance-cm").value = Math.round(settings.distance);
    part("coarser").value = settings.coarser;
    part("coarser-text").textContent = coarserThan(settings.coarser);
    part("card-width").value = settings.pxPerCm;
    part("screen-text").textContent = `${(window.screen.width / settings.pxPerCm).toFixed(1)} cm wide`;
    part("show-rings").checked = settings.rings;
    for (const name of NUMBERS) part(name).value = Number(settings[name].toPrecision(4));
    const { width, height } = cardSize(settings.pxPerCm, part("screen").clientWidth || 320);
    part("card").style.width = `${width}px`;
    part("card").style.height = `${height}px`;
  };
}

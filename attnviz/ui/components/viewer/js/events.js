// Which part of the page means what, when it is pressed, turned, dragged or left.

import { buildControls } from "./controls.js";
import { layerKey, stageKey, stripKey } from "../../base/js/keyboard.js";
import { listen, listenToWipe, stepper } from "./pointer.js";
import { copyPicture, share } from "./share.js";
import { WHOLE } from "../../base/js/zoom.js";

const PHONE = "(max-width: 640px)";

/** Listen on all parts of a viewer; what comes back ends what is heard beyond its own parts. */
export function attachEvents(viewer) {
  listenToKeys(viewer);
  listenToSteps(viewer);
  const { canvas, wipe, play, speed, reset, copy, share: button } = viewer.parts;
  listen(canvas, viewer);
  const divide = (wipeAt, released) => viewer.change({ wipe: wipeAt }, released);
  listenToWipe(wipe, () => viewer.panes()[0], divide);
  play.onclick = () => viewer.togglePlay();
  speed.onchange = () => viewer.change({ speed: Number(speed.value) }, true);
  reset.onclick = () => viewer.setZoom(WHOLE);
  button.onclick = () => share(canvas, viewer);
  copy.onclick = () => copyPicture(canvas, viewer);
  viewer.setControls = buildControls(viewer.root, (changes, done) => viewer.change(changes, done));
  return listenElsewhere(viewer);
}

function listenToKeys(viewer) {
  const { canvas, slider, strip } = viewer.parts;
  // A handler that gave back false would keep every other key from the browser: Tab, and reload.
  const handled = (key) => (event) => {
    if (key(event, viewer)) event.preventDefault();
  };
  canvas.onkeydown = handled(stageKey);
  slider.onkeydown = handled(layerKey);
  strip.onkeydown = (event) => {
    if (!stripKey(event, viewer)) return;
    event.preventDefault();
    strip.children[viewer.index]?.focus();
  };
}

function listenToSteps(viewer) {
  const { slider } = viewer.parts;
  slider.oninput = () => {
    viewer.player.stop();
    viewer.moveTo(Number(slider.value));
  };
  slider.onchange = () => viewer.goTo(viewer.index);
  const turn = stepper((by) => viewer.step(by));
  slider.onwheel = (event) => {
    if (slider.getRootNode().activeElement === slider) turn(event);
  };
  viewer.root.querySelector(".back").onclick = () => viewer.step(-1);
  viewer.root.querySelector(".on").onclick = () => viewer.step(1);
}

/** Whoever goes elsewhere takes the view along as it is now, not as it was a second ago. */
function listenElsewhere(viewer) {
  const resized = new ResizeObserver(() => viewer.scene && viewer.refresh());
  resized.observe(viewer.parts.stage);
  const leaving = new AbortController();
  const { signal } = leaving;
  const phone = matchMedia(PHONE);
  viewer.fold = () => fold(viewer, phone.matches);
  phone.addEventListener("change", viewer.fold, { signal });
  addEventListener("pagehide", () => viewer.reporter.now(), { signal });
  const elsewhere = (event) => event.composedPath().includes(viewer.root) || viewer.reporter.now();
  document.addEventListener("pointerdown", elsewhere, { capture: true, signal });
  return () => {
    leaving.abort();
    resized.disconnect();
  };
}

/** Where the picture comes first, a phone shows the rest on demand: it would fill a screen. */
function fold({ parts, root, scene }, phone) {
  const folds = phone && Boolean(scene?.header.folds);
  root.classList.toggle("folds", folds);
  parts.rest.open = !folds;
}

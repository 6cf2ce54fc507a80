// The controls above the grid: map or focus, the scale, best layers or one depth, and playing.

import { element } from "./cell.js";
import { depthWords } from "./numbers.js";

const SHOWN = { map: "Map", focus: "Focus picture" };

/**
 * Listen to the controls in `root`. `host` has change(changes), goTo(stop), step(by), togglePlay()
 * press(event), and
 * painter.works, without which there are no focus pictures. Returns a function that shows a view: (view, header, playing).
 */
export function buildControls(root, host) {
  const part = (selector) => root.querySelector(selector);
  const [scale, best, slider] = [part("select.scale"), part("input.best"), part(".position input")];
  const radios = Object.entries(SHOWN).map(([name, title]) => {
    const input = element("input", { type: "radio", name: "shown", value: name });
    input.onchange = () => host.change({ shown: name });
    part(".shown").append(element("label", {}, input, element("span", { textContent: title })));
    return input;
  });
  scale.onchange = () => host.change({ scale: scale.value });
  best.onchange = () => host.change({ best: best.checked });
  slider.oninput = () => host.goTo(Number(slider.value));
  slider.onkeydown = (event) => {
    if (host.press(event)) event.preventDefault();
  };
  part(".back").onclick = () => host.step(-1);
  part(".on").onclick = () => host.step(1);
  part(".play").onclick = () => host.togglePlay();

  return (view, header, position, playing) => {
    const [map, focus] = radios;
    focus.checked = view.shown === "focus" && host.painter.works;
    map.checked = !focus.checked;
    focus.disabled = !host.painter.works;
    focus.title = focus.disabled ? "This browser has no WebGL2, with which focus pictures are drawn." : "";
    if (scale.children.length !== header.scales.length) {
      const options = header.scales.map(({ name, title }) => element("option", { value: name, textContent: title }));
      scale.replaceChildren(...options);
    }
    scale.value = view.scale;
    best.checked = view.best;
    slider.max = Math.max(header.stops - 1, 0);
    slider.value = position;
    slider.disabled = header.stops < 2;
    for (const name of [".back", ".on", ".play"]) part(name).disabled = header.stops < 2;
    const words = depthWords(view, header.stops);
    part(".position b").textContent = words;
    slider.ariaValueText = words;
    part(".play").textContent = playing ? "Pause" : "Play";
    part(".note").textContent = header.scales.find(({ name }) => name === view.scale).note;
  };
}

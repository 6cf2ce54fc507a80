// The controls that step and play through the layers.

/** Show in them where the viewer stands. */
export function showSteps({ slider, noun, layerName, speed }, { scene, index, count, position, view }) {
  const { layers, noun: what } = scene.header;
  slider.step = view.blend ? 0.02 : 1;
  slider.value = position;
  noun.textContent = slider.ariaLabel = what || "Layer";
  slider.ariaValueText = layers[index].name;
  layerName.textContent = `${layers[index].name} · ${index + 1} of ${count}`;
  const speeds = [...speed.options].map((option) => Number(option.value));
  speed.value = String(speeds.findLast((one) => one <= view.speed) ?? speeds[0]);
}

// The component's entry: one eye for each place on a page, kept while Streamlit reruns the script.

import { Eye } from "./eye.js";

const eyes = new WeakMap();

/** Streamlit calls this when the eye appears, when its data change, and when the theme does. */
export function mount(component, assets) {
  const place = component.parentElement;
  let eye = eyes.get(place);
  if (!eye) {
    eye = new Eye(place.querySelector(".eye"), assets);
    eyes.set(place, eye);
  }
  const mounted = ++eye.mounts;
  eye.receive(component);
  return () => {
    if (eye.mounts !== mounted) return; // a later call has taken over
    eye.close();
    eyes.delete(place);
  };
}

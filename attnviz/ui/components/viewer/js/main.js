// The component's entry: one viewer for each place on a page, kept while Streamlit reruns the script.

import { Viewer } from "./viewer.js";

const viewers = new WeakMap();

/** Streamlit calls this when the viewer appears, when its data change, and when the theme does. */
export function mount(component, assets) {
  const place = component.parentElement;
  let viewer = viewers.get(place);
  if (!viewer) {
    viewer = new Viewer(place.querySelector(".viewer"), assets);
    viewers.set(place, viewer);
  }
  const mounted = ++viewer.mounts;
  viewer.receive(component);
  return () => {
    if (viewer.mounts !== mounted) return; // a later call has taken over
    viewer.close();
    viewers.delete(place);
  };
}

// The life of a component on its page: made once in each place, kept while Streamlit reruns the
// script, closed when the last call for it is taken back.

/**
 * What Streamlit passes to a component.
 *
 * @typedef {object} Component
 * @property {HTMLElement} parentElement holds the component's HTML
 * @property {Uint8Array} data the blob
 * @property {(name: string, value: unknown) => void} setStateValue
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/** @typedef {{ receive: (component: Component) => void, close: () => void, mounts?: number }} Mounted */

/**
 * The function that Streamlit calls when a component appears, when its data change, and when the
 * theme does. It returns what takes that call back.
 *
 * @param {string} selector of the component's root element
 * @param {(root: HTMLElement, assets: any) => Mounted} create
 * @returns {(component: Component, assets?: any) => () => void}
 */
export function mounting(selector, create) {
  /** @type {WeakMap<HTMLElement, Mounted>} */
  const instances = new WeakMap();
  return (component, assets) => {
    const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(selector));
    const instance = instances.get(root) ?? create(root, assets);
    instances.set(root, instance);
    instance.mounts = (instance.mounts ?? 0) + 1;
    const call = instance.mounts;
    instance.receive(component);
    return () => {
      if (instance.mounts !== call) return; // a later call has taken over
      instance.close();
      instances.delete(root);
    };
  };
}

// A notebook's entry: the viewer as a widget, whose layer and picked point Python reads and sets.

import { Viewer } from "../../viewer/js/viewer.js";

const NO_WEBGL = "This browser cannot draw with WebGL2. Show the result itself to see still pictures.";
// The colours of JupyterLab and of VS Code, where there are any.
const THEME = `:host { display: block;
  --st-font: var(--jp-content-font-family, system-ui, sans-serif);
  --st-text-color: var(--jp-content-font-color1, var(--vscode-editor-foreground, CanvasText));
  --st-background-color: var(--jp-layout-color0, var(--vscode-editor-background, Canvas));
  --st-primary-color: var(--jp-brand-color1, #0f766e); }`;

/**
 * The model of a widget, as far as it is used.
 *
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, call: () => void) => void} on
 * @property {(event: string, call: () => void) => void} off
 */

/** One showing of a widget: its element, its viewer, and what passes between it and Python. */
class Showing {
  /** @param {{ model: Model, el: HTMLElement }} context */
  constructor({ model, el }, assets) {
    this.model = model;
    this.host = document.createElement("div");
    // The arrow keys step through the layers here, and not through the notebook's cells.
    this.host.dataset.lmSuppressShortcuts = "true";
    el.append(this.host);
    this.shadow = this.host.attachShadow({ mode: "open" });
    this.shadow.innerHTML = `<style>${THEME}${assets.style}</style>${assets.markup}`;
    this.viewer = new Viewer(this.shadow.querySelector(".viewer"), assets);
    this.receive = () => this.viewer.receive(this.component());
    this.follow = () => this.goTo(model.get("layer"));
    this.receive();
    model.on("change:_blob", this.receive);
    model.on("change:layer", this.follow);
  }

  component() {
    const { buffer, byteOffset, byteLength } = this.model.get("_blob");
    return {
      data: new Uint8Array(buffer, byteOffset, byteLength),
      setStateValue: (name, value) => this.hear(name, value),
      setTriggerValue: (name, value) => this.hear(name, value),
    };
  }

  hear(name, value) {
    if (name === "webgl" && value === false) this.shadow.replaceChildren(NO_WEBGL);
    if (name === "view") this.tell({ layer: value.layer });
    if (name === "picked") this.tell({ picked: value, layer: value.layer });
  }

  tell(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  goTo(layer) {
    const { scene, view } = this.viewer;
    if (!scene || view.layer === layer) return;
    const index = scene.header.layers.findIndex(({ name }) => name === layer);
    if (index >= 0) this.viewer.goTo(index);
  }

  close() {
    this.model.off("change:_blob", this.receive);
    this.model.off("change:layer", this.follow);
    this.viewer.close();
    this.host.remove();
  }
}

/**
 * Show a widget; what comes back takes it away.
 *
 * @param {{ model: Model, el: HTMLElement }} context
 * @param {any} assets the viewer's, its HTML and its CSS
 */
export function mount(context, assets) {
  const showing = new Showing(context, assets);
  return () => showing.close();
}

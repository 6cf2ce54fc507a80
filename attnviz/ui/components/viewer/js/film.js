// A video in the viewer: each layer is a frame, and has a picture of its own.

import * as gpu from "../../base/js/gl.js";
import { decoded } from "../../base/js/pictures.js";

/** Brings the picture of the frame that is shown to the GPU; `host` has scene, renderer, schedule. */
export class Film {
  constructor(host) {
    this.host = host;
    this.loaded = null; // what the renderer holds
    this.shown = 0;
    this.wanted = 0;
    this.busy = false;
  }

  /** Show the picture of a frame as soon as it is decoded; of those asked meanwhile, the last. */
  async show(index) {
    this.wanted = index;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.lacks()) await this.next();
    } catch (error) {
      console.error("attnviz viewer:", error);
    }
    this.busy = false;
  }

  lacks() {
    const { scene, renderer } = this.host;
    if (!scene?.frames || !renderer?.loaded) return false;
    if (renderer.loaded !== this.loaded) {
      this.loaded = renderer.loaded; // a scene is loaded with its first picture
      this.shown = 0;
    }
    return this.shown !== this.wanted;
  }

  async next() {
    const { wanted, loaded } = this;
    const bitmap = await decoded(this.host.scene.frames[wanted]);
    if (this.host.renderer?.loaded === loaded) {
      replacePhoto(this.host.renderer, bitmap);
      this.shown = wanted;
      this.host.schedule.ask();
    }
    bitmap.close();
  }
}

/** Put another photo of the same size in the place of the one that is loaded. */
export function replacePhoto(renderer, bitmap) {
  const { gl, loaded } = renderer;
  for (const name of ["photo", "codes", "clipped"]) gl.deleteTexture(loaded[name]);
  loaded.photo = gpu.photoTexture(gl, bitmap);
  loaded.codes = gpu.codesTexture(gl, bitmap);
  loaded.clipped = null;
  loaded.baked = "";
  renderer.restart();
}

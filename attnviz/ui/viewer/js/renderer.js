// Draws a loaded picture. Quick while something moves, and exact, band by band, once all is still.

import * as gpu from "./gl.js";
import { atlas, ladder, largestRadius, stretch } from "./optics.js";
import { surfaces } from "./view.js";

const SURFACE_CODES = { photo: 0, bokeh: 1, heat: 2 };
const CORNERS = { disc: 0, hexagon: 6, octagon: 8 };
const BAKE_POINTS = 24;
const REFINE_POINTS = 56;
const BANDS = 16;

/** Everything that lives on the GPU for one picture. */
export class Renderer {
  constructor(gl, assets) {
    this.gl = gl;
    const link = (name) =>
      gpu.program(gl, assets.shaders["fullscreen.vert.glsl"], assets.shaders[name]);
    this.show = link("show.frag.glsl");
    this.bake = link("bake.frag.glsl");
    this.refine = link("refine.frag.glsl");
    this.frame = gl.createFramebuffer();
    this.tables = {};
    for (const [name, table] of Object.entries(assets.colours)) {
      this.tables[name] = gpu.colourTexture(gl, table);
    }
    this.loaded = null;
    this.baked = "";
    this.band = BANDS;
  }

  /** Upload a picture; `scene` holds bitmap, planes, mattes (or null), size of the maps, header. */
  load(scene) {
    const { gl } = this;
    const { width, height } = scene.bitmap;
    const levels = ladder(largestRadius(width, height));
    const places = atlas(levels, width, height);
    this.free();
    this.loaded = {
      scene,
      width,
      height,
      levels,
      places,
      photo: gpu.photoTexture(gl, scene.bitmap),
      field: gpu.planesTexture(gl, scene.planes, scene.rows, scene.columns),
      mattes: scene.mattes && gpu.planesTexture(gl, scene.mattes, scene.matteRows, scene.matteColumns),
      atlas: gpu.lightTexture(gl, places.width, places.height),
      refined: gpu.lightTexture(gl, width, height, true),
    };
    this.baked = "";
    this.restart();
  }

  /** Forget the refined picture: what it was made of has changed. */
  restart() {
    this.band = 0;
  }

  get isRefined() {
    return this.band >= BANDS;
  }

  /** Draw the panes ({x, y, width, height} in device px) at a layer position. */
  draw(view, position, zoom, panes, canvas) {
    const { gl, loaded, show } = this;
    if (!loaded || gl.isContextLost()) return;
    this.bakeLadder(view);
    const { left, right, wipe } = surfaces(view);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(show.handle);
    this.setLens(show, view, position, {
      uAtlas: [gl.TEXTURE_2D, loaded.atlas],
      uRefined: [gl.TEXTURE_2D, loaded.refined],
      uColours: [gl.TEXTURE_2D, this.tables[view.colours]],
      uField: [gl.TEXTURE_2D_ARRAY, loaded.field],
    });
    gl.uniform4fv(show.places.uPlaces, loaded.places.places.flat());
    gpu.setIntegers(gl, show, { uLevels: loaded.levels.length, uIsRefined: this.isRefined });
    gpu.setFloats(gl, show, {
      uAtlasSize: [loaded.places.width, loaded.places.height],
      uCanvasHeight: canvas.height,
      uZoom: [zoom.scale, zoom.x, zoom.y],
      uOpacity: view.opacity,
    });
    panes.forEach((pane, index) => {
      const alone = panes.length > 1 ? (index ? right : left) : null;
      const codes = [alone ?? left, alone ?? right].map((name) => SURFACE_CODES[name]);
      gpu.setIntegers(gl, show, { uSurfaces: codes });
      gpu.setFloats(gl, show, {
        uPane: [pane.x, pane.y, pane.width, pane.height],
        uWipe: panes.length > 1 ? 1 : wipe,
      });
      const bottom = canvas.height - pane.y - pane.height;
      this.within(pane.x, bottom, pane.width, pane.height);
    });
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Whether the bokeh picture is on the stage at all. */
  needsRefining(view) {
    const { left, right } = surfaces(view);
    return (left === "bokeh" || right === "bokeh") && view.radius > 0;
  }

  /** Make the next band of the exact picture; true when it is complete. */
  refineBand(view, position) {
    const { gl, loaded, refine } = this;
    if (!loaded || gl.isContextLost() || this.isRefined) return true;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, loaded.refined, 0,
    );
    gl.viewport(0, 0, loaded.width, loaded.height);
    gl.useProgram(refine.handle);
    this.setLens(refine, view, position, {});
    gpu.setIntegers(gl, refine, {
      uCorners: CORNERS[view.aperture],
      uCount: REFINE_POINTS,
      uOutline: this.usesMattes(view),
    });
    gpu.setFloats(gl, refine, { uHighlights: view.highlights });
    const edge = (band) => Math.floor((loaded.height * band) / BANDS);
    this.within(0, edge(this.band), loaded.width, edge(this.band + 1) - edge(this.band));
    gl.disable(gl.SCISSOR_TEST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.band += 1;
    if (this.isRefined) {
      gl.bindTexture(gl.TEXTURE_2D, loaded.refined);
      gl.generateMipmap(gl.TEXTURE_2D);
    }
    return this.isRefined;
  }

  usesMattes(view) {
    return view.outline && this.loaded.mattes !== null;
  }

  setLens(program, view, position, textures) {
    const { gl, loaded } = this;
    const { layers, box } = loaded.scene.header;
    const first = Math.min(Math.floor(position), layers.length - 1);
    const second = Math.min(first + 1, layers.length - 1);
    const matte = this.usesMattes(view);
    const both = (even) =>
      [first, second].flatMap((at) => stretch(layers[at], layers, view.scale, even));
    gpu.setTextures(gl, program, {
      uPhoto: [gl.TEXTURE_2D, loaded.photo],
      uMaps: [gl.TEXTURE_2D_ARRAY, matte ? loaded.mattes : loaded.field],
      ...textures,
    });
    gpu.setFloats(gl, program, {
      uPhotoSize: [loaded.width, loaded.height],
      uLayers: [first, second],
      uMix: position - first,
      uStretch: matte ? [1, 0, 1, 0] : both(view.threshold),
      uFieldStretch: both(),
      uFieldBox: box,
      uBox: matte ? [0, 0, 1, 1] : box,
      uCurve: [view.threshold, view.softness],
      uRadius: view.radius * Math.hypot(loaded.width, loaded.height),
    });
  }

  /** The ladder of discs: made once for each photo, shape of the opening, and bloom. */
  bakeLadder(view) {
    const { gl, loaded, bake } = this;
    const wanted = `${view.aperture} ${view.highlights}`;
    if (this.baked === wanted) return;
    this.baked = wanted;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, loaded.atlas, 0);
    gl.viewport(0, 0, loaded.places.width, loaded.places.height);
    gl.useProgram(bake.handle);
    gpu.setTextures(gl, bake, { uPhoto: [gl.TEXTURE_2D, loaded.photo] });
    gpu.setIntegers(gl, bake, { uCorners: CORNERS[view.aperture], uCount: BAKE_POINTS });
    loaded.levels.forEach(({ radius }, index) => {
      const place = loaded.places.places[index];
      gpu.setFloats(gl, bake, {
        uPhotoSize: [loaded.width, loaded.height],
        uPlace: place,
        uDisc: radius,
        uHighlights: view.highlights,
      });
      this.within(...place);
    });
    gl.disable(gl.SCISSOR_TEST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  within(x, y, width, height) {
    const { gl } = this;
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x, y, width, height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** The exact picture as the GPU holds it, RGBA rows from the top; for tests. */
  readRefined() {
    const { gl, loaded } = this;
    const codes = new Uint8Array(4 * loaded.width * loaded.height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, loaded.refined, 0,
    );
    gl.readPixels(0, 0, loaded.width, loaded.height, gl.RGBA, gl.UNSIGNED_BYTE, codes);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return codes;
  }

  free() {
    if (!this.loaded) return;
    const { photo, field, mattes, atlas: discs, refined } = this.loaded;
    for (const texture of [photo, field, mattes, discs, refined]) this.gl.deleteTexture(texture);
    this.loaded = null;
  }
}

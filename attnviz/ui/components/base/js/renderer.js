// Draws a loaded picture. Quick while something moves, and exact, band by band, once all is still.

import * as gpu from "./gl.js";
import { atlas, ladder, largestRadius, stretch } from "./optics.js";
import { surfaces } from "./view.js";

const CORNERS = { disc: 0, hexagon: 6, octagon: 8 };
const BAKE_POINTS = 24;
// Points of the largest discs in the exact picture: more where bands have shown the GPU to be quick.
const FEW_POINTS = 56;
const MANY_POINTS = 96;
const QUICK_ROWS = 128;
// Bands of the exact picture: so high that one takes about this long, or an answer would wait.
const BAND_MS = 40;
const FIRST_ROWS = 8;
const MOST_ROWS = 512;
// Up to this reduction a photo is sampled without its smaller copies.
const FINE_LOD = 0.6;

/** Everything that lives on the GPU for one picture. */
export class Renderer {
  constructor(gl, assets) {
    this.gl = gl;
    this.shaders = assets.shaders;
    this.programs = new Map();
    this.frame = gl.createFramebuffer();
    this.sampler = gpu.plainSampler(gl);
    const tables = Object.entries(assets.colours);
    this.tables = Object.fromEntries(tables.map(([name, table]) => [name, gpu.colourTexture(gl, table)]));
    this.loaded = null;
    this.done = 0; // rows of the exact picture
    this.rows = FIRST_ROWS;
    this.points = FEW_POINTS;
  }

  /** The program of a shader with some `#define`s, made when it is first needed. */
  program(name, ...defines) {
    const key = [name, ...defines].join(" ");
    if (!this.programs.has(key)) {
      const fragment = gpu.defined(this.shaders[name], defines);
      this.programs.set(key, gpu.program(this.gl, this.shaders["fullscreen.vert.glsl"], fragment));
    }
    return this.programs.get(key);
  }

  /**
   * Upload a picture instead of the one before.
   *
   * @param {import("./scene.js").Scene} scene
   */
  load(scene) {
    this.free();
    this.another(scene);
  }

  /** Draw what `another` has returned. */
  hold(loaded) {
    this.loaded = loaded;
    this.restart();
  }

  /** Upload a picture, and keep the one before for `hold`. */
  another(scene) {
    const { gl } = this;
    const { width, height } = scene.bitmap;
    const levels = ladder(largestRadius(width, height));
    const places = atlas(levels, width, height);
    const { mattes, matteRows, matteColumns } = scene;
    this.loaded = {
      scene, width, height, levels, places,
      photo: gpu.photoTexture(gl, scene.bitmap),
      codes: gpu.codesTexture(gl, scene.bitmap),
      field: gpu.planesTexture(gl, scene.planes, scene.rows, scene.columns),
      mattes: mattes && gpu.planesTexture(gl, mattes, matteRows, matteColumns),
      atlas: gpu.plainTexture(gl, places.width, places.height),
      refined: gpu.lightTexture(gl, width, height),
      clipped: null,
      baked: "",
    };
    this.restart();
    return this.loaded;
  }

  /** Forget the refined picture: what it was made of has changed. */
  restart() {
    this.done = 0;
    this.points = this.rows >= QUICK_ROWS ? MANY_POINTS : FEW_POINTS;
  }

  get isRefined() {
    return this.loaded !== null && this.done >= this.loaded.height;
  }

  /** Draw the panes ({x, y, width, height} in device px) at a layer position. */
  draw(view, position, zoom, panes, canvas) {
    const { gl } = this;
    if (!this.loaded || gl.isContextLost()) return;
    this.bakeLadder(view);
    const { left, right, wipe } = surfaces(view);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const two = panes.length > 1;
    panes.forEach((pane, index) => {
      const cut = two ? pane.width : Math.round(wipe * pane.width);
      const box = { pane, zoom, height: canvas.height };
      this.surface(two && index ? right : left, view, position, { ...box, from: 0, to: cut });
      this.surface(right, view, position, { ...box, from: cut, to: pane.width });
    });
    gl.disable(gl.SCISSOR_TEST);
  }

  /** One surface in the part of a pane between two x, px. */
  surface(name, view, position, { pane, zoom, height, from, to }) {
    if (to <= from) return;
    const { gl, loaded } = this;
    const refined = name === "bokeh" && this.isRefined;
    const kind = { photo: "PHOTO", heat: "HEAT", bokeh: refined ? "REFINED" : "DRAFT" }[name];
    const lod = Math.log2(loaded.width / (pane.width * zoom.scale));
    const fine = lod < FINE_LOD;
    const codes = fine && !refined ? ["CODES"] : [];
    const program = this.program("show.frag.glsl", kind, ...codes, ...blending(position));
    const photo = codes.length ? loaded.codes : loaded.photo;
    gl.useProgram(program.handle);
    gpu.setTextures(gl, program, {
      uPhoto: [gl.TEXTURE_2D, refined ? loaded.refined : photo],
      uMaps: [gl.TEXTURE_2D_ARRAY, this.maps(view, name)],
      uAtlas: [gl.TEXTURE_2D, loaded.atlas],
      uColours: [gl.TEXTURE_2D, this.tables[view.colours]],
    });
    gl.bindSampler(0, fine ? this.sampler : null);
    this.setLens(program, view, position, name);
    gpu.setFloats(gl, program, {
      uPane: [pane.x, pane.y, pane.width, pane.height],
      uCanvasHeight: height,
      uZoom: [zoom.scale, zoom.x, zoom.y],
      uLod: fine ? 0 : lod,
      uOpacity: view.opacity,
      uAtlasSize: [loaded.places.width, loaded.places.height],
    });
    if (program.places.uPlaces) gl.uniform4fv(program.places.uPlaces, loaded.places.places.flat());
    gpu.setIntegers(gl, program, { uLevels: loaded.levels.length });
    this.within(pane.x + from, height - pane.y - pane.height, to - from, pane.height);
    gl.bindSampler(0, null);
  }

  /** Whether the bokeh picture is on the stage at all. */
  needsRefining(view) {
    const { left, right } = surfaces(view);
    return (left === "bokeh" || right === "bokeh") && view.radius > 0;
  }

  /** Make the next band of the exact picture; true when it is complete. */
  refineBand(view, position) {
    const { gl, loaded } = this;
    if (!loaded || gl.isContextLost() || this.isRefined) return true;
    const outline = this.usesMattes(view) ? ["OUTLINE"] : [];
    const variant = [...outline, ...blending(position), ...blooming(view)];
    const program = this.program("refine.frag.glsl", ...variant);
    const clipped = this.clippedFor(view);
    this.into(loaded.refined, loaded.width, loaded.height);
    gl.useProgram(program.handle);
    gpu.setTextures(gl, program, {
      uPhoto: [gl.TEXTURE_2D, loaded.photo],
      uMaps: [gl.TEXTURE_2D_ARRAY, this.maps(view, "bokeh")],
      uClipped: [gl.TEXTURE_2D, clipped],
    });
    this.setLens(program, view, position, "bokeh");
    gpu.setIntegers(gl, program, { uCorners: CORNERS[view.aperture], uCount: this.points });
    gpu.setFloats(gl, program, { uHighlights: view.highlights });
    const stop = Math.min(this.done + this.rows, loaded.height);
    this.within(0, this.done, loaded.width, stop - this.done);
    gl.disable(gl.SCISSOR_TEST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.done = stop;
    if (this.isRefined) {
      gl.bindTexture(gl.TEXTURE_2D, loaded.refined);
      gl.generateMipmap(gl.TEXTURE_2D);
    }
    return this.isRefined;
  }

  /**
   * Make the next bands higher or lower, for the last one has taken `ms`. That includes the wait for
   * the next frame, so a band that took no longer than two of them was a small one.
   */
  paced(ms) {
    if (ms < BAND_MS) this.rows = Math.min(2 * this.rows, MOST_ROWS);
    else if (ms > 2 * BAND_MS) this.rows = Math.max(Math.round(this.rows / 2), 4);
  }

  usesMattes(view) {
    return view.outline && this.loaded.mattes !== null;
  }

  /** What makes a surface: the heat always shows the map itself, never the object found from it. */
  maps(view, surface) {
    const matte = surface === "bokeh" && this.usesMattes(view);
    return matte ? this.loaded.mattes : this.loaded.field;
  }

  setLens(program, view, position, surface) {
    const { loaded } = this;
    const { layers, box } = loaded.scene.header;
    const first = Math.min(Math.floor(position), layers.length - 1);
    const second = Math.min(first + 1, layers.length - 1);
    const even = surface === "bokeh" ? view.threshold : undefined;
    // A matte runs between its map's own ends, so it is brought to the scale in the same way.
    const curve = (at) => stretch(layers[at], layers, view.scale, even);
    gpu.setFloats(this.gl, program, {
      uPhotoSize: [loaded.width, loaded.height],
      uLayers: [first, second],
      uMix: position - first,
      uStretch: [...curve(first), ...curve(second)],
      uBox: box,
      uCurve: [view.threshold, view.softness],
      uRadius: view.radius * Math.hypot(loaded.width, loaded.height),
    });
  }

  /** The ladder of discs: made once for each photo, shape of the opening, and bloom. */
  bakeLadder(view) {
    const { gl, loaded } = this;
    const key = `${view.aperture} ${view.highlights}`;
    if (loaded.baked === key) return;
    loaded.baked = key;
    const program = this.program("bake.frag.glsl", ...blooming(view));
    const clipped = this.clippedFor(view);
    this.into(loaded.atlas, loaded.places.width, loaded.places.height);
    gl.useProgram(program.handle);
    gpu.setTextures(gl, program, {
      uPhoto: [gl.TEXTURE_2D, loaded.photo],
      uClipped: [gl.TEXTURE_2D, clipped],
    });
    gpu.setIntegers(gl, program, { uCorners: CORNERS[view.aperture], uCount: BAKE_POINTS });
    loaded.levels.forEach(({ radius }, index) => {
      const place = loaded.places.places[index];
      gpu.setFloats(gl, program, {
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

  /** The clipped lights of the photo, made when they are first needed; null where they are not. */
  clippedFor(view) {
    const { gl, loaded } = this;
    if (!blooming(view).length) return null;
    if (!loaded.clipped) {
      loaded.clipped = gpu.lightTexture(gl, loaded.width, loaded.height);
      const program = this.program("clipped.frag.glsl");
      this.into(loaded.clipped, loaded.width, loaded.height);
      gl.useProgram(program.handle);
      gpu.setTextures(gl, program, { uPhoto: [gl.TEXTURE_2D, loaded.photo] });
      this.within(0, 0, loaded.width, loaded.height);
      gl.bindTexture(gl.TEXTURE_2D, loaded.clipped);
      gl.generateMipmap(gl.TEXTURE_2D);
    }
    return loaded.clipped;
  }

  into(texture, width, height) {
    gpu.drawInto(this.gl, this.frame, texture, [0, 0, width, height]);
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
    this.into(loaded.refined, loaded.width, loaded.height);
    gl.readPixels(0, 0, loaded.width, loaded.height, gl.RGBA, gl.UNSIGNED_BYTE, codes);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return codes;
  }

  free(loaded = this.loaded) {
    if (!loaded) return;
    for (const name of ["photo", "codes", "field", "mattes", "atlas", "refined", "clipped"]) {
      this.gl.deleteTexture(loaded[name]);
    }
    if (loaded === this.loaded) this.loaded = null;
  }
}

const blooming = (view) => (view.highlights > 0 ? ["BLOOM"] : []);
const blending = (position) => (Number.isInteger(position) ? [] : ["BLEND"]);

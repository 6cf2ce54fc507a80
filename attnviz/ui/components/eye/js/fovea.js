// Draws the photo as the eye samples it.

import { photoTexture, program, setFloats, setIntegers, setTextures } from "../../base/js/gl.js";
import { Builder } from "./pyramid.js";
import { finest } from "./geometry.js";

const MOST_FIXATIONS = 16;

/** Everything that lives on the GPU. */
export class Fovea {
  constructor(gl, shaders) {
    this.gl = gl;
    this.builder = new Builder(gl, shaders);
    this.program = program(gl, shaders["fullscreen.vert.glsl"], shaders["fovea.frag.glsl"]);
    this.loaded = null;
  }

  /** Take a photo over (ImageBitmap), and make its pyramid. */
  load(bitmap) {
    this.free();
    const { width, height } = bitmap;
    const photo = photoTexture(this.gl, bitmap);
    this.loaded = { photo, width, height, ...this.builder.build(photo, width, height) };
  }

  /**
   * Draw into the whole canvas. `fixations`: {x, y} in px of the photo. `perDegree`: px of the photo.
   */
  draw({ fixations, retina, perDegree }, canvas) {
    const { gl, loaded } = this;
    if (!loaded || gl.isContextLost()) return;
    const shown = fixations.slice(-MOST_FIXATIONS);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.useProgram(this.program.handle);
    setTextures(gl, this.program, {
      uPhoto: [gl.TEXTURE_2D, loaded.photo],
      uFirst: [gl.TEXTURE_2D, loaded.first],
      uSecond: [gl.TEXTURE_2D, loaded.second],
      uCoarse: [gl.TEXTURE_2D_ARRAY, loaded.coarse],
    });
    setFloats(gl, this.program, {
      uCoarseSize: loaded.coarseSize,
      uPhotoSize: [loaded.width, loaded.height],
      uCanvas: [canvas.width, canvas.height],
      uLod: Math.max(0, Math.log2(loaded.width / canvas.width)),
      uBest: finest(retina, 0),
      uHalfAngle: retina.halfAngle,
      uPerDegree: perDegree,
    });
    setIntegers(gl, this.program, { uCount: shown.length });
    gl.uniform2fv(this.program.places.uFixations, shown.flatMap(({ x, y }) => [x, y]));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  free() {
    if (!this.loaded) return;
    for (const name of ["photo", "first", "second", "coarse"]) this.gl.deleteTexture(this.loaded[name]);
    this.loaded = null;
  }
}

// The picture's pyramid on the GPU: made once for each photo, whatever the eye and the distance.
// Levels 0 to 2 are as large as the photo, each from 3 on half as large as the one before.

import { drawInto, halfFloatStack, halfFloatTexture, program, setIntegers, setTextures } from "../../base/js/gl.js";

// As in attnviz/vision/foveation.py: this many pixels over f pass half the amplitude of f.
const HALF_AMPLITUDE = Math.sqrt(Math.log(2) / 2) / Math.PI;
const DEEPEST = 10;

/** Gaussian weights from the middle outward, as OpenCV cuts them off. */
export function taps(sigma) {
  const reach = (Math.round(8 * sigma + 1) | 1) >> 1;
  const weights = Array.from({ length: reach + 1 }, (_, i) => Math.exp(-0.5 * (i / sigma) ** 2));
  const total = 2 * weights.reduce((sum, one) => sum + one, 0) - weights[0];
  return weights.map((one) => one / total);
}

/**
 * Levels 1 to 10: {size, sigma, halved, place}. `sigma`: in cells, what to blur the level before
 * by, at its own size. `place`: x, y in the texture of the coarse levels, from level 3 on.
 */
export function plan(width, height) {
  let size = [width, height];
  let [variance, grid] = [0, 1];
  const [top, levels] = [[0, 0], []];
  for (let k = 1; k <= DEEPEST; k++) {
    const halved = k > 2;
    if (halved) {
      size = size.map((side) => (side + 1) >> 1);
      variance += grid ** 2 / 4; // the mean of two cells blurs, too
      grid *= 2;
    }
    const target = (HALF_AMPLITUDE * 2 ** (k + 1)) ** 2;
    levels.push({ size, halved, sigma: Math.sqrt(target - variance) / grid, place: [...top] });
    // The first coarse level stands on the left, the others in a column beside it.
    if (k === 3) top[0] = size[0];
    else if (k > 3) top[1] += size[1];
    variance = target;
  }
  return levels;
}

/** Makes pyramids; throws where the browser cannot draw into textures of light. */
export class Builder {
  constructor(gl, shaders) {
    if (!(gl.getExtension("EXT_color_buffer_float") || gl.getExtension("EXT_color_buffer_half_float"))) {
      throw new Error("no textures of light");
    }
    this.gl = gl;
    const made = (name) => program(gl, shaders["fullscreen.vert.glsl"], shaders[name]);
    this.blur = made("blur.frag.glsl");
    this.area = made("area.frag.glsl");
    this.cubic = made("enlarge.frag.glsl");
    this.frame = gl.createFramebuffer();
  }

  /** {first, second, coarse (textures), coarseSize} of a photo's texture. */
  build(photo, width, height) {
    const { gl } = this;
    const levels = plan(width, height);
    const wide = levels[2].size[0] + levels[3].size[0];
    const high = Math.max(levels[2].size[1], levels.slice(3).reduce((sum, { size }) => sum + size[1], 0));
    const first = halfFloatTexture(gl, [width, height], true);
    const second = halfFloatTexture(gl, [width, height], true);
    const small = halfFloatTexture(gl, [wide, high], false);
    const spare = [0, 1].map(() => halfFloatTexture(gl, [width, height], false));
    const from = [0, 0];
    this.blurred(photo, from, spare[0], first, from, levels[0]);
    this.blurred(first, from, spare[0], second, from, levels[1]);
    let [source, before, size] = [second, [0, 0], [width, height]];
    for (const level of levels.slice(2)) {
      this.halve(source, before, size, spare[1], level.size);
      this.blurred(spare[1], [0, 0], spare[0], small, level.place, level);
      [source, before, size] = [small, level.place, level.size];
    }
    const coarse = this.enlarged(small, levels.slice(2), spare);
    for (const one of [...spare, small]) gl.deleteTexture(one);
    for (const one of [first, second]) {
      gl.bindTexture(gl.TEXTURE_2D, one);
      gl.generateMipmap(gl.TEXTURE_2D);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return { first, second, coarse, coarseSize: levels[2].size };
  }

  /** All coarse levels at the size of the finest of them, each brought there grid by grid. */
  enlarged(small, levels, spare) {
    const { gl, cubic } = this;
    const stack = halfFloatStack(gl, levels[0].size, levels.length);
    levels.forEach((level, layer) => {
      let [source, from, size] = [small, level.place, level.size];
      for (let to = Math.max(0, layer - 1); to >= 0; to--) {
        const larger = levels[to].size;
        gl.useProgram(cubic.handle);
        setTextures(gl, cubic, { uSource: [gl.TEXTURE_2D, source] });
        setIntegers(gl, cubic, { uSize: size, uFrom: from, uLarger: larger });
        if (to) this.into(spare[to % 2], [0, 0], larger);
        else this.intoLayer(stack, layer, larger);
        [source, from, size] = [spare[to % 2], [0, 0], larger];
      }
    });
    return stack;
  }

  blurred(source, from, between, target, into, { size, sigma }) {
    const weights = taps(sigma);
    const { gl, blur } = this;
    gl.useProgram(blur.handle);
    gl.uniform1fv(blur.places.uWeights, weights);
    const along = (texture, at, goal, to, axis) => {
      setTextures(gl, blur, { uSource: [gl.TEXTURE_2D, texture] });
      setIntegers(gl, blur, { uSize: size, uFrom: at, uInto: to, uAlong: axis, uReach: weights.length - 1 });
      this.into(goal, to, size);
    };
    along(source, from, between, [0, 0], [1, 0]);
    along(between, [0, 0], target, into, [0, 1]);
  }

  halve(source, from, size, target, smaller) {
    const { gl, area } = this;
    gl.useProgram(area.handle);
    setTextures(gl, area, { uSource: [gl.TEXTURE_2D, source] });
    setIntegers(gl, area, { uSize: size, uFrom: from, uInto: [0, 0], uSmaller: smaller });
    this.into(target, [0, 0], smaller);
  }

  intoLayer(stack, layer, [width, height]) {
    drawInto(this.gl, this.frame, stack, [0, 0, width, height], layer);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3);
  }

  into(texture, [x, y], [width, height]) {
    drawInto(this.gl, this.frame, texture, [x, y, width, height]);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3);
  }
}

// The few WebGL2 calls that the renderer is made of, with errors that say what failed.

/** A WebGL2 context, or null where the browser has none. */
export function openContext(canvas) {
  // The drawing stays readable after it was shown: pictures are saved from it.
  return canvas.getContext("webgl2", {
    antialias: false,
    alpha: true,
    depth: false,
    stencil: false,
    preserveDrawingBuffer: true,
    powerPreference: "high-performance",
  });
}

function compiled(gl, type, source) {
  const shader = gl.createShader(type);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
    throw new Error(`shader: ${gl.getShaderInfoLog(shader)}`);
  }
  return shader;
}

/** A linked program with the places of its uniforms by name (arrays without their "[0]"). */
export function program(gl, vertex, fragment) {
  const handle = gl.createProgram();
  gl.attachShader(handle, compiled(gl, gl.VERTEX_SHADER, vertex));
  gl.attachShader(handle, compiled(gl, gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(handle);
  const places = {};
  if (gl.isContextLost()) return { handle, places };
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS)) {
    throw new Error(`program: ${gl.getProgramInfoLog(handle)}`);
  }
  for (let i = 0; i < gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS); i++) {
    const name = gl.getActiveUniform(handle, i).name.replace("[0]", "");
    places[name] = gl.getUniformLocation(handle, name);
  }
  return { handle, places };
}

/** The source with `#define`s after its first line, which must be the version. */
export function defined(source, names) {
  const end = source.indexOf("\n") + 1;
  return source.slice(0, end) + names.map((name) => `#define ${name}\n`).join("") + source.slice(end);
}

const SETTERS = {
  1: (gl, place, value) => gl.uniform1fv(place, value),
  2: (gl, place, value) => gl.uniform2fv(place, value),
  3: (gl, place, value) => gl.uniform3fv(place, value),
  4: (gl, place, value) => gl.uniform4fv(place, value),
};

/** Set float uniforms by name: numbers, or arrays of 2 to 4; those the program lacks are left out. */
export function setFloats(gl, { places }, values) {
  for (const [name, value] of Object.entries(values)) {
    if (!places[name]) continue;
    const list = typeof value === "number" ? [value] : value;
    SETTERS[list.length](gl, places[name], list);
  }
}

/** Set integer uniforms by name: numbers, booleans, or pairs. */
export function setIntegers(gl, { places }, values) {
  for (const [name, value] of Object.entries(values)) {
    if (!places[name]) continue;
    if (Array.isArray(value)) gl.uniform2iv(places[name], value);
    else gl.uniform1i(places[name], Number(value));
  }
}

/** Bind textures to units in order, and tell the program: {uName: [target, texture]}. */
export function setTextures(gl, { places }, textures) {
  Object.entries(textures).forEach(([name, [target, texture]], unit) => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(target, texture);
    if (places[name]) gl.uniform1i(places[name], unit);
  });
}

function limits(gl, target, minify, magnify = gl.LINEAR) {
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, minify);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, magnify);
}

/** The photo with all its smaller copies; sampling gives linear light. */
export function photoTexture(gl, bitmap) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.SRGB8_ALPHA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.generateMipmap(gl.TEXTURE_2D);
  limits(gl, gl.TEXTURE_2D, gl.LINEAR_MIPMAP_LINEAR);
  return texture;
}

/** The photo as it was stored: sampling gives codes. */
export function codesTexture(gl, bitmap) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  limits(gl, gl.TEXTURE_2D, gl.LINEAR);
  return texture;
}

/** An empty texture to draw light into, with room for its smaller copies. */
export function lightTexture(gl, width, height) {
  const texture = gl.createTexture();
  const levels = Math.floor(Math.log2(Math.max(width, height))) + 1;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, levels, gl.SRGB8_ALPHA8, width, height);
  limits(gl, gl.TEXTURE_2D, gl.LINEAR_MIPMAP_LINEAR);
  return texture;
}

/** An empty texture to draw plain numbers into. */
export function plainTexture(gl, width, height) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
  limits(gl, gl.TEXTURE_2D, gl.LINEAR);
  return texture;
}

/** A way to sample that looks at one copy of a picture alone: half the work of mixing two. */
export function plainSampler(gl) {
  const sampler = gl.createSampler();
  gl.samplerParameteri(sampler, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  gl.samplerParameteri(sampler, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  gl.samplerParameteri(sampler, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.samplerParameteri(sampler, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return sampler;
}

/** Planes of floats, all of one size, as a filtered stack. */
export function planesTexture(gl, planes, rows, columns) {
  const texture = gl.createTexture();
  const all = new Float32Array(planes.length * rows * columns);
  planes.forEach((plane, index) => all.set(plane, index * rows * columns));
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.texImage3D(
    gl.TEXTURE_2D_ARRAY, 0, gl.R16F, columns, rows, planes.length, 0, gl.RED, gl.FLOAT, all,
  );
  limits(gl, gl.TEXTURE_2D_ARRAY, gl.LINEAR);
  return texture;
}

/** A table of 256 colours, RGB. */
export function colourTexture(gl, table) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, table);
  limits(gl, gl.TEXTURE_2D, gl.NEAREST, gl.NEAREST);
  return texture;
}

/**
 * An empty half-float texture to draw light into.
 *
 * @param {WebGL2RenderingContext} gl
 * @param {number[]} size width and height
 * @param {boolean} mipmaps whether there is room for the smaller copies
 */
export function halfFloatTexture(gl, [width, height], mipmaps) {
  const texture = gl.createTexture();
  const levels = mipmaps ? Math.floor(Math.log2(Math.max(width, height))) + 1 : 1;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, levels, gl.RGBA16F, width, height);
  limits(gl, gl.TEXTURE_2D, mipmaps ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR);
  return texture;
}

/**
 * An empty stack of half-float textures.
 *
 * @param {WebGL2RenderingContext} gl
 * @param {number[]} size width and height
 * @param {number} layers
 */
export function halfFloatStack(gl, [width, height], layers) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RGBA16F, width, height, layers);
  limits(gl, gl.TEXTURE_2D_ARRAY, gl.LINEAR);
  return texture;
}

/**
 * Draw into a part of a texture from now on, or into one layer of a stack.
 *
 * @param {WebGL2RenderingContext} gl
 * @param {WebGLFramebuffer} frame
 * @param {WebGLTexture} texture
 * @param {number[]} box x, y, width and height, px
 * @param {number} [layer] of a stack
 */
export function drawInto(gl, frame, texture, [x, y, width, height], layer) {
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  if (layer === undefined) {
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  } else {
    gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, texture, 0, layer);
  }
  gl.viewport(x, y, width, height);
}

/** Give a context back, now and not when its canvas is collected: browsers hold few of them. */
export function loseContext(gl) {
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
}

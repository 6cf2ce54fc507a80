// A WebGL2 context that draws nothing and remembers everything, and the viewer's own shaders.

import { readdirSync, readFileSync } from "node:fs";

const GLSL = new URL("../../../../attnviz/ui/components/base/glsl/", import.meta.url);

/** The shaders by file name, with their includes. */
export function shaders() {
  const read = (name) =>
    readFileSync(new URL(name, GLSL), "utf8").replace(/^#include "([\w.]+)"$/gm, (_, file) =>
      read(file),
    );
  return Object.fromEntries(readdirSync(GLSL).map((name) => [name, read(name)]));
}

/** What a shader's `#define`s leave of it. */
function preprocessed(source) {
  const names = new Set();
  const open = [true];
  const kept = [];
  for (const line of source.split("\n")) {
    const [, word, name] = /^#(\w+)\s*(\w*)/.exec(line) ?? [];
    if (word === "ifdef") open.push(names.has(name));
    else if (word === "else") open.push(!open.pop());
    else if (word === "endif") open.pop();
    else if (!open.every(Boolean)) continue;
    else if (word === "define") names.add(name);
    else kept.push(line);
  }
  return kept.join("\n");
}

/** Names of the uniforms that a shader declares. */
export const uniformsOf = (source) =>
  [...preprocessed(source).matchAll(/^uniform \w+ (\w+(?:\[\d+\])?);/gm)].map(([, name]) =>
    name.replace(/\[\d+\]/, "[0]"),
  );

/**
 * Constants are their own names, but for TEXTURE0. `calls` lists every call as [name, ...arguments];
 * `draws` what each drawArrays found: program, uniforms by name, target, scissor, viewport, textures,
 * and samplers.
 */
export class FakeGl {
  constructor() {
    Object.assign(this, {
      TEXTURE0: 0,
      calls: [],
      draws: [],
      lost: false,
      unsignalled: 0,
      failing: "",
      made: 0,
      canvas: null,
      state: {
        program: null,
        target: null,
        unit: 0,
        textures: {},
        samplers: {},
        scissor: null,
        viewport: null,
        enabled: false,
      },
    });
    return new Proxy(this, { get: (gl, name) => gl.property(name) });
  }

  property(name) {
    if (typeof name === "symbol" || (name in this && typeof this[name] !== "function"))
      {return this[name];}
    if (/^[A-Z]/.test(name)) return name;
    return (...given) => {
      this.calls.push([name, ...given]);
      if (name in this) return this[name](...given);
      return name.startsWith("create") ? { kind: name, id: ++this.made } : undefined;
    };
  }

  /** How often a call was made. */
  times(name, ...beginning) {
    const same = ([called, ...given]) =>
      called === name && beginning.every((one, i) => given[i] === one);
    return this.calls.filter(same).length;
  }

  isContextLost() {
    return this.lost;
  }
  createProgram() {
    return { id: ++this.made, sources: [], values: {} };
  }
  createShader(type) {
    return { type, source: "" };
  }
  shaderSource(shader, source) {
    shader.source = source;
  }
  getShaderParameter() {
    return this.failing !== "shader";
  }
  getShaderInfoLog() {
    return "0:7: syntax error";
  }
  attachShader(handle, shader) {
    handle.sources.push(shader.source);
  }

  uniforms(handle) {
    return [...new Set(handle.sources.flatMap(uniformsOf))];
  }

  getProgramParameter(handle, what) {
    return what === "LINK_STATUS" ? this.failing !== "program" : this.uniforms(handle).length;
  }

  getProgramInfoLog() {
    return "varyings differ";
  }
  getActiveUniform(handle, index) {
    return { name: this.uniforms(handle)[index] };
  }
  getUniformLocation(handle, name) {
    return { handle, name };
  }
  uniform1i(place, value) {
    place.handle.values[place.name] = value;
  }
  uniform2iv(place, value) {
    place.handle.values[place.name] = [...value];
  }
  uniform1fv(place, value) {
    this.floats(place, value, 1);
  }
  uniform2fv(place, value) {
    this.floats(place, value, 2);
  }
  uniform3fv(place, value) {
    this.floats(place, value, 3);
  }
  uniform4fv(place, value) {
    this.floats(place, value, 4);
  }

  floats(place, value, size) {
    if (value.length % size || !value.every(Number.isFinite))
      {throw new Error(`${place.name}: ${value}`);}
    place.handle.values[place.name] = [...value];
  }

  useProgram(handle) {
    this.state.program = handle;
  }
  activeTexture(unit) {
    this.state.unit = unit;
  }
  bindTexture(target, texture) {
    this.state.textures[this.state.unit] = [target, texture];
  }
  bindSampler(unit, sampler) {
    this.state.samplers[unit] = sampler;
  }
  bindFramebuffer(_, frame) {
    this.state.target = frame;
  }

  framebufferTexture2D(_target, _attachment, _kind, texture) {
    this.state.target = { texture };
  }

  scissor(...box) {
    this.state.scissor = box;
  }
  viewport(...box) {
    this.state.viewport = box;
  }
  enable() {
    this.state.enabled = true;
  }
  disable() {
    this.state.enabled = false;
  }

  drawArrays() {
    const { program, target, scissor, viewport, textures, samplers, enabled } = this.state;
    this.draws.push({
      program,
      values: { ...program.values },
      target: target ? target.texture : null,
      scissor: enabled ? scissor : null,
      viewport,
      textures: { ...textures },
      samplers: { ...samplers },
    });
  }

  fenceSync() {
    return { kind: "fence" };
  }
  getSyncParameter() {
    return this.unsignalled-- > 0 ? "UNSIGNALED" : "SIGNALED";
  }
  readPixels(_x, _y, width, _height, _format, _type, codes) {
    codes.fill(7).fill(9, 0, 4 * width);
  }

  getExtension(name) {
    if (this.extensions?.includes(name)) return {};
    if (name !== "WEBGL_lose_context") return null;
    return {
      loseContext: () => {
        this.lost = true;
        // As a browser does: the event comes later, not from within the call.
        setImmediate(() => this.canvas?.dispatch("webglcontextlost"));
      },
    };
  }
}

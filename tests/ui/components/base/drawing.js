// A renderer on a card that draws nothing, and what it was asked to draw.

import { Renderer } from "../../../../attnviz/ui/components/base/js/renderer.js";
import { WHOLE } from "../../../../attnviz/ui/components/base/js/zoom.js";
import { MATTES, scene, table, VIEW } from "./examples.js";
import { FakeGl, shaders } from "./fake_gl.js";

const CANVAS = { width: 808, height: 320 };
export const PANES = [
  { x: 0, y: 0, width: 400, height: 300 },
  { x: 408, y: 10, width: 400, height: 300 },
];
export const ONE = PANES.slice(0, 1);

/** A new renderer with the example's picture. */
export function drawing() {
  const gl = new FakeGl();
  const colours = { inferno: table(), magma: table() };
  const renderer = new Renderer(gl, { shaders: shaders(), colours });
  renderer.load(scene());
  /** The programs by what they are: a shader and its defines. */
  const kindOf = ({ program }) =>
    [...renderer.programs].find(([, { handle }]) => handle === program)[0];
  const draw = (view = VIEW, position = 1, panes = PANES, zoom = WHOLE) => {
    gl.draws.splice(0);
    renderer.draw(view, position, zoom, panes, CANVAS);
    return gl.draws.filter((one) => kindOf(one).startsWith("show"));
  };
  const baked = () => gl.draws.filter((one) => kindOf(one).startsWith("bake.frag.glsl"));
  const refineAll = (view = VIEW, position = 1) => {
    let bands = 1;
    while (!renderer.refineBand(view, position)) bands += 1;
    return bands;
  };
  /** Draw in every way there is; returns all draws. */
  const drawAll = () => {
    const draws = [];
    renderer.load(scene({ mattes: MATTES }));
    for (const position of [1, 0.5]) {
      for (const outline of [false, true]) {
        const view = { ...VIEW, outline };
        renderer.restart();
        for (const mode of ["photo", "side"]) {
          draw({ ...view, mode }, position, mode === "side" ? PANES : ONE);
          draws.push(...gl.draws);
        }
        gl.draws.splice(0);
        refineAll(view, position);
        draws.push(...gl.draws);
        draw(view, position);
        draws.push(...gl.draws);
      }
    }
    return draws;
  };
  return { gl, renderer, kindOf, draw, baked, refineAll, drawAll };
}

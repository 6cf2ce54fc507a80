#version 300 es
// One pane: photo, bokeh or heat, left and right of the divider.
precision highp float;
precision highp sampler2DArray;
#include "lens.glsl"

const int PHOTO = 0;
const int BOKEH = 1;
const float LEAST_SHADE = 0.35;  // heat keeps this share of its brightness over black

uniform sampler2D uPhoto;
uniform sampler2D uAtlas;
uniform sampler2D uRefined;
uniform sampler2D uColours;
uniform sampler2DArray uField;  // the maps themselves, for the heat, where mattes make the focus
uniform vec4 uFieldStretch;
uniform vec4 uFieldBox;
uniform vec4 uPlaces[10];   // the ladder's levels in the atlas: x, y, width, height, px
uniform vec2 uAtlasSize;
uniform int uLevels;
uniform bool uIsRefined;
uniform vec4 uPane;         // x, y (from the top), width, height, px of the canvas
uniform float uCanvasHeight;
uniform vec3 uZoom;         // scale, centre
uniform ivec2 uSurfaces;    // left and right of the divider
uniform float uWipe;
uniform float uOpacity;
out vec4 result;

vec3 encoded(vec3 light) {
  vec3 curve = 1.055 * pow(max(light, 0.0), vec3(1.0 / 2.4)) - 0.055;
  return mix(12.92 * light, curve, step(0.0031308, light));
}

vec3 levelAt(int level, vec2 uv) {
  vec4 place = uPlaces[level];
  vec2 at = place.xy + clamp(uv * place.zw, vec2(0.5), place.zw - 0.5);
  return textureLod(uAtlas, at / uAtlasSize, 0.0).rgb;
}

// While something moves: neighbouring levels of the ladder, mixed by the circle of confusion.
vec3 draft(vec2 uv, vec3 sharp) {
  float radius = circleOfConfusion(focusAt(uv));
  float position = radius < 2.0 ? 0.5 * radius - 1.0 : log2(0.5 * radius);
  position = min(position, float(uLevels - 1));
  if (position < 0.0) return mix(sharp, levelAt(0, uv), position + 1.0);
  int level = int(position);
  vec3 upper = levelAt(min(level + 1, uLevels - 1), uv);
  return mix(levelAt(level, uv), upper, fract(position));
}

void main() {
  vec2 share = (vec2(gl_FragCoord.x, uCanvasHeight - gl_FragCoord.y) - uPane.xy) / uPane.zw;
  vec2 uv = uZoom.yz + (share - 0.5) / uZoom.x;
  int surface = share.x < uWipe ? uSurfaces.x : uSurfaces.y;
  vec3 sharp = texture(uPhoto, uv).rgb;
  vec3 refined = texture(uRefined, uv).rgb;  // outside any branch, for its derivatives
  if (surface == PHOTO) {
    result = vec4(encoded(sharp), 1.0);
  } else if (surface == BOKEH) {
    result = vec4(encoded(uIsRefined ? refined : draft(uv, sharp)), 1.0);
  } else {
    vec3 photo = encoded(sharp);
    float grey = dot(photo, vec3(0.299, 0.587, 0.114));
    int code = int(scaledIn(uField, uv, uFieldStretch, uFieldBox) * 255.0 + 0.5);
    vec3 heat = texelFetch(uColours, ivec2(code, 0), 0).rgb;
    float shade = LEAST_SHADE + (1.0 - LEAST_SHADE) * grey;
    result = vec4(mix(photo, heat * shade, uOpacity), 1.0);
  }
}

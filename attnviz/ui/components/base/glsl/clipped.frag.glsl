#version 300 es
// The light of those pixels that the camera has clipped, by how sure that is: from 0.85 of the
// largest code on. It is kept apart, for in a smaller copy of the photo a light is no longer bright.
precision highp float;
#include "srgb.glsl"

uniform sampler2D uPhoto;
out vec4 result;

void main() {
  vec3 light = texelFetch(uPhoto, ivec2(gl_FragCoord.xy), 0).rgb;
  vec3 code = encoded(light);
  float t = smoothstep(0.85, 1.0, max(max(code.r, code.g), code.b));
  result = vec4(light * t * t, 1.0);
}

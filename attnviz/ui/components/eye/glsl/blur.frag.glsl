#version 300 es
// A Gaussian along one axis; beyond the edge the picture is mirrored, as the server does.
precision highp float;
precision highp int;

uniform sampler2D uSource;
uniform ivec2 uSize;        // cells
uniform ivec2 uFrom;        // where the source begins in its texture
uniform ivec2 uInto;        // where the result begins in its own
uniform ivec2 uAlong;       // (1, 0) or (0, 1)
uniform int uReach;
uniform float uWeights[16]; // from the middle outward, all taps together 1
out vec4 result;

int mirrored(int at, int size) {
  if (size == 1) return 0;
  int period = 2 * size - 2;
  int within = abs(at) % period;
  return within < size ? within : period - within;
}

void main() {
  ivec2 cell = ivec2(gl_FragCoord.xy) - uInto;
  vec3 sum = vec3(0.0);
  for (int tap = -uReach; tap <= uReach; tap++) {
    ivec2 at = cell + tap * uAlong;
    at = ivec2(mirrored(at.x, uSize.x), mirrored(at.y, uSize.y));
    sum += uWeights[abs(tap)] * texelFetch(uSource, uFrom + at, 0).rgb;
  }
  result = vec4(sum, 1.0);
}

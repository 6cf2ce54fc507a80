#version 300 es
// A level at half the resolution: each cell is the mean of what it covers.
precision highp float;
precision highp int;

uniform sampler2D uSource;
uniform ivec2 uSize;        // of the source, cells
uniform ivec2 uFrom;        // where the source begins in its texture
uniform ivec2 uInto;        // where the result begins in its own
uniform ivec2 uSmaller;     // its size
out vec4 result;

void main() {
  ivec2 cell = ivec2(gl_FragCoord.xy) - uInto;
  vec2 ratio = vec2(uSize) / vec2(uSmaller);
  vec2 start = vec2(cell) * ratio;
  vec2 stop = start + ratio;
  ivec2 first = ivec2(floor(start + 1e-4));
  vec3 sum = vec3(0.0);
  float total = 0.0;
  for (int y = 0; y < 3; y++) {
    for (int x = 0; x < 3; x++) {
      ivec2 at = first + ivec2(x, y);
      vec2 covered = min(stop, vec2(at + 1)) - max(start, vec2(at));
      float weight = max(covered.x, 0.0) * max(covered.y, 0.0);
      sum += weight * texelFetch(uSource, uFrom + min(at, uSize - 1), 0).rgb;
      total += weight;
    }
  }
  result = vec4(sum / total, 1.0);
}

#version 300 es
// A coarser level on a finer grid, by the cubic convolution that OpenCV uses (a = -3/4).
precision highp float;
precision highp int;

uniform sampler2D uSource;
uniform ivec2 uSize;        // of the source, cells
uniform ivec2 uFrom;        // where the source begins in its texture
uniform ivec2 uLarger;      // size of the result
out vec4 result;

vec4 cubic(float f) {
  const float a = -0.75;
  vec4 w;
  float near = f + 1.0;
  w.x = ((a * near - 5.0 * a) * near + 8.0 * a) * near - 4.0 * a;
  w.y = ((a + 2.0) * f - (a + 3.0)) * f * f + 1.0;
  float back = 1.0 - f;
  w.z = ((a + 2.0) * back - (a + 3.0)) * back * back + 1.0;
  w.w = 1.0 - w.x - w.y - w.z;
  return w;
}

void main() {
  vec2 at = (floor(gl_FragCoord.xy) + 0.5) * vec2(uSize) / vec2(uLarger) - 0.5;
  ivec2 cell = ivec2(floor(at));
  vec4 across = cubic(at.x - floor(at.x));
  vec4 along = cubic(at.y - floor(at.y));
  vec3 sum = vec3(0.0);
  for (int y = 0; y < 4; y++) {
    for (int x = 0; x < 4; x++) {
      ivec2 from = clamp(cell + ivec2(x, y) - 1, ivec2(0), uSize - 1);
      sum += across[x] * along[y] * texelFetch(uSource, uFrom + from, 0).rgb;
    }
  }
  result = vec4(sum, 1.0);
}

// Draws a mesh without WebGL: triangles are painted from far to near.

/** Direction of the light, as in the shader of the WebGL renderer. */
const LIGHT = [0.26, 0.43, 0.86];

/**
 * Paint a mesh.
 * @param {CanvasRenderingContext2D} target
 * @param {Mesh} mesh
 * @param {View} view
 * @param {number[]} fog colour into which what lies behind fades
 */
export function paint(target, mesh, view, fog) {
  const seen = project(mesh, view, target.canvas);
  const { indices, colors } = mesh;
  target.lineWidth = 1;
  for (const first of fromFarToNear(mesh, seen.depth)) {
    const [a, b, c] = indices.subarray(first, first + 3);
    const light = (seen.light[a] + seen.light[b] + seen.light[c]) / 3;
    const depth = (seen.depth[a] + seen.depth[b] + seen.depth[c]) / 3 / view.radius;
    const mist = Math.min(Math.max(0.25 - 0.45 * depth, 0), 0.6);
    const shade = fog.map((far, k) => Math.round(colors[4 * a + k] * light * (1 - mist) + far * mist));
    target.fillStyle = target.strokeStyle = `rgb(${shade})`;
    target.beginPath();
    for (const point of [a, b, c]) target.lineTo(seen.x[point], seen.y[point]);
    target.closePath();
    target.fill();
    target.stroke();
  }
}

function project(mesh, view, { width, height }) {
  const { rotation: r, center } = view;
  const scale = (view.zoom / view.radius) * (Math.min(width, height) / 2);
  const n = mesh.pointCount;
  const [x, y, depth, light] = [0, 0, 0, 0].map(() => new Float32Array(n));
  for (let i = 0; i < n; i++) {
    const [p, q, s] = [0, 1, 2].map((k) => mesh.positions[3 * i + k] - center[k]);
    x[i] = width / 2 + scale * (r[0] * p + r[3] * q + r[6] * s);
    y[i] = height / 2 - scale * (r[1] * p + r[4] * q + r[7] * s);
    depth[i] = r[2] * p + r[5] * q + r[8] * s;
    const [u, v, w] = mesh.normals.subarray(3 * i, 3 * i + 3);
    const facing = [0, 1, 2].map((k) => r[k] * u + r[3 + k] * v + r[6 + k] * w);
    const towards = facing[0] * LIGHT[0] + facing[1] * LIGHT[1] + facing[2] * LIGHT[2];
    light[i] = 0.35 + 0.65 * Math.abs(towards);
  }
  return { x, y, depth, light };
}

/** The first index of each triangle, the farthest triangle first. */
export function fromFarToNear(mesh, depth) {
  const count = mesh.indexCount / 3;
  const order = new Uint32Array(count);
  const middle = new Float32Array(count);
  for (let t = 0; t < count; t++) {
    order[t] = t;
    for (let k = 0; k < 3; k++) middle[t] += depth[mesh.indices[3 * t + k]];
  }
  return order.sort((a, b) => middle[a] - middle[b]).map((t) => 3 * t);
}

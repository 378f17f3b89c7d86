// Ribbons along chains: wide for helices, arrows for strands, a thin tube elsewhere.

import { across, addScaled, between, cross, distance, dot, pointOf, subtract, unit } from "./vectors.js";

/** Rings of the tube for each residue, and points of a ring. */
const STEPS = 8;
const AROUND = 12;
const CIRCLE = Array.from({ length: AROUND }, (_, k) => {
  const angle = (2 * Math.PI * k) / AROUND;
  return [Math.cos(angle), Math.sin(angle)];
});
/** Half of the width and of the thickness, in angstrom. */
const COIL = [0.3, 0.3];
const SHAPES = { H: [1.35, 0.25], E: [1.15, 0.25], C: COIL };
/** Half of the width at the base of the arrow of a strand. */
const ARROW = 1.9;

/**
 * Helix (H), strand (E) or coil (C) of each residue, from distances between C-alpha atoms. Used
 * where the atoms of the backbone are not known (after P-SEA, Labesse et al., CABIOS 1997).
 * @param {number[][]} points
 * @returns {string}
 */
export function structureOf(points) {
  const found = new Array(points.length).fill("C");
  const apart = (i, j) => distance(points[i], points[j]);
  for (let i = 0; i + 4 < points.length; i++) {
    const isHelix =
      Math.abs(apart(i, i + 2) - 5.5) < 0.6 &&
      Math.abs(apart(i, i + 3) - 5.3) < 0.7 &&
      Math.abs(apart(i, i + 4) - 6.4) < 0.9;
    if (isHelix) found.fill("H", i, i + 5);
  }
  for (let i = 0; i + 3 < points.length; i++) {
    if (apart(i, i + 2) < 6.1 || apart(i, i + 3) < 9.2) continue;
    for (let k = i; k < i + 4; k++) if (found[k] === "C") found[k] = "E";
  }
  return found.join("");
}

/**
 * Split a chain where two neighbours are too far apart to be bonded.
 * @param {Float32Array} xyz positions of all atoms
 * @param {{atoms: number[], reach: number}} chain
 * @returns {{points: number[][], start: number}[]} pieces; start counts residues of the chain
 */
export function piecesOf(xyz, chain) {
  const pieces = [];
  chain.atoms.forEach((atom, residue) => {
    const point = pointOf(xyz, atom);
    const last = pieces[pieces.length - 1];
    if (last && distance(last.points[last.points.length - 1], point) <= chain.reach) {
      last.points.push(point);
    } else {
      pieces.push({ points: [point], start: residue });
    }
  });
  return pieces;
}

/**
 * Add the ribbon of a chain to a mesh.
 * @param {Mesh} mesh
 * @param {Float32Array} xyz
 * @param {{atoms: number[], reach: number}} chain
 * @param {?string} structure a letter H, E or C for each residue; null to find out
 * @param {number[]} color
 */
export function addRibbon(mesh, xyz, chain, structure, color) {
  for (const { points, start } of piecesOf(xyz, chain)) {
    if (points.length < 2) continue;
    const letters = structure
      ? structure.slice(start, start + points.length)
      : structureOf(points);
    // Ends are thin: at a chain's last atom, nothing says which way a broad ribbon would face.
    addPiece(mesh, points, "C" + letters.slice(1, -1) + "C", color);
  }
}

function addPiece(mesh, points, letters, color) {
  const nodes = flattened(points, letters);
  const sides = sidesOf(points);
  const last = nodes.length - 1;
  // One more point at each end, in line with the last two, so that the curve ends straight.
  const node = (i) =>
    i < 0
      ? addScaled(nodes[0], subtract(nodes[1], nodes[0]), -1)
      : i > last
        ? addScaled(nodes[last], subtract(nodes[last - 1], nodes[last]), -1)
        : nodes[i];
  const first = mesh.pointCount;
  const rings = last * STEPS + 1;
  for (let ring = 0; ring < rings; ring++) {
    const i = Math.min(Math.floor(ring / STEPS), last - 1);
    const t = ring / STEPS - i;
    const [position, tangent] = splineAt(node(i - 1), node(i), node(i + 1), node(i + 2), t);
    const side = across(between(sides[i], sides[i + 1], t), tangent);
    addRing(mesh, position, side, cross(tangent, side), sizeAt(letters, i, t), color);
  }
  mesh.tube(first, rings, AROUND);
  addCap(mesh, first);
  addCap(mesh, first + (rings - 1) * AROUND);
}

/** Strands lie flat: their zigzag is averaged out. */
function flattened(points, letters) {
  return points.map((point, i) =>
    letters[i] === "E" && i > 0 && i < points.length - 1
      ? between(between(points[i - 1], points[i + 1], 0.5), point, 0.5)
      : point,
  );
}

/** The direction of the broad side at each residue. */
function sidesOf(points) {
  const n = points.length;
  let sides = [];
  for (let i = 1; i + 1 < n; i++) {
    let side = unit(cross(subtract(points[i], points[i - 1]), subtract(points[i + 1], points[i])));
    const before = sides[sides.length - 1];
    // In a strand, every other residue faces the other way; the ribbon must not twist with them.
    if (before && dot(side, before) < 0) side = side.map((v) => -v);
    sides.push(side);
  }
  if (n < 3) return [[0, 0, 1], [0, 0, 1]];
  sides = [sides[0], ...sides, sides[sides.length - 1]];
  for (let round = 0; round < 2; round++) {
    sides = sides.map((side, i) => {
      const around = between(sides[Math.max(i - 1, 0)], sides[Math.min(i + 1, n - 1)], 0.5);
      return unit(between(around, side, 0.5));
    });
  }
  return sides;
}

/** Position and direction on a Catmull-Rom spline between b and c. */
function splineAt(a, b, c, d, t) {
  const position = [];
  const slope = [];
  for (let k = 0; k < 3; k++) {
    const linear = c[k] - a[k];
    const square = 2 * a[k] - 5 * b[k] + 4 * c[k] - d[k];
    const cube = 3 * b[k] - a[k] - 3 * c[k] + d[k];
    position.push(0.5 * (2 * b[k] + linear * t + square * t * t + cube * t * t * t));
    slope.push(0.5 * (linear + 2 * square * t + 3 * cube * t * t));
  }
  return [position, unit(slope)];
}

/** Half width and half thickness between the residues i and i + 1. */
function sizeAt(letters, i, t) {
  const here = SHAPES[letters[i]] ?? COIL;
  const next = SHAPES[letters[i + 1]] ?? COIL;
  const smooth = t * t * (3 - 2 * t);
  const size = here.map((value, k) => value * (1 - smooth) + next[k] * smooth);
  if (letters[i] === "E" && letters[i + 1] !== "E") {
    return [ARROW * (1 - t) + next[0] * t, size[1]];
  }
  return size;
}

function addRing(mesh, position, side, up, [width, thickness], color) {
  // Tens of thousands of points are made for a picture, so nothing is allocated for each.
  const edge = [0, 0, 0];
  const normal = [0, 0, 0];
  for (let k = 0; k < AROUND; k++) {
    const [cos, sin] = CIRCLE[k];
    const length = Math.sqrt((cos * thickness) ** 2 + (sin * width) ** 2);
    for (let i = 0; i < 3; i++) {
      edge[i] = position[i] + side[i] * cos * width + up[i] * sin * thickness;
      normal[i] = (side[i] * cos * thickness + up[i] * sin * width) / length;
    }
    mesh.point(edge, normal, color);
  }
}

function addCap(mesh, first) {
  for (let k = 1; k + 1 < AROUND; k++) mesh.triangle(first, first + k, first + k + 1);
}

// Ribbons along chains: wide for helices, arrows for strands, a thin tube elsewhere.

import { across, addScaled, between, cross, distance, dot, pointOf, subtract, unit } from "./vectors.js";

/**
 * How finely ribbons are drawn.
 * @typedef {object} Detail
 * @property {number} steps  rings of the tube for each residue
 * @property {number[][]} circle  cosine and sine of the points of a ring
 */

const circleOf = (around) =>
  Array.from({ length: around }, (_, k) => {
    const angle = (2 * Math.PI * k) / around;
    return [Math.cos(angle), Math.sin(angle)];
  });
const FINE = { steps: 8, circle: circleOf(12) };
const COARSE = { steps: 4, circle: circleOf(8) };
/** With more residues than this, a picture takes too long where the processor draws it. */
const MOST_FINE = 120;

/** How finely to draw a number of residues. @param {number} residues @returns {Detail} */
export function detailFor(residues) {
  return residues > MOST_FINE ? COARSE : FINE;
}

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
 * @param {Detail} detail
 */
export function addRibbon(mesh, xyz, chain, structure, color, detail = FINE) {
  for (const { points, start } of piecesOf(xyz, chain)) {
    if (points.length < 2) continue;
    const letters = structure
      ? structure.slice(start, start + points.length)
      : structureOf(points);
    // Ends are thin: at a chain's last atom, nothing says which way a broad ribbon would face.
    addPiece(mesh, points, "C" + letters.slice(1, -1) + "C", color, detail);
  }
}

function addPiece(mesh, points, letters, color, { steps, circle }) {
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
  const rings = last * steps + 1;
  for (let ring = 0; ring < rings; ring++) {
    const i = Math.min(Math.floor(ring / steps), last - 1);
    const t = ring / steps - i;
    const [position, tangent] = splineAt(node(i - 1), node(i), node(i + 1), node(i + 2), t);
    const side = across(between(sides[i], sides[i + 1], t), tangent);
    addRing(mesh, position, side, cross(tangent, side), sizeAt(letters, i, t), color, circle);
  }
  mesh.tube(first, rings, circle.length);
  addCap(mesh, first, circle.length);
  addCap(mesh, first + (rings - 1) * circle.length, circle.length);
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

function addRing(mesh, position, side, up, [width, thickness], color, circle) {
  // Tens of thousands of points are made for a picture, so nothing is allocated for each.
  const edge = [0, 0, 0];
  const normal = [0, 0, 0];
  for (const [cos, sin] of circle) {
    const length = Math.sqrt((cos * thickness) ** 2 + (sin * width) ** 2);
    for (let i = 0; i < 3; i++) {
      edge[i] = position[i] + side[i] * cos * width + up[i] * sin * thickness;
      normal[i] = (side[i] * cos * thickness + up[i] * sin * width) / length;
    }
    mesh.point(edge, normal, color);
  }
}

function addCap(mesh, first, around) {
  for (let k = 1; k + 1 < around; k++) mesh.triangle(first, first + k, first + k + 1);
}

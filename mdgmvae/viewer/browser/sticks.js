// Balls and sticks for small molecules.

import { addScaled, between, cross, distance, perpendicular, pointOf, subtract, unit } from "./vectors.js";

/** Colours of the elements. Carbon has the colour of the state. */
const ELEMENT_COLORS = {
  H: [235, 235, 235],
  N: [48, 80, 248],
  O: [230, 13, 13],
  F: [112, 200, 60],
  P: [255, 128, 0],
  S: [230, 190, 26],
  CL: [31, 200, 31],
  BR: [166, 41, 41],
  I: [148, 0, 148],
};
const STICK = 0.15;
const BALL = 0.3;
const HYDROGEN = 0.2;
const AROUND = 10;
/** With more atoms, balls have fewer triangles. */
const MANY = 500;

/**
 * Add balls and sticks to a mesh.
 * @param {Mesh} mesh
 * @param {Float32Array} xyz positions of all atoms
 * @param {{sticks: number[], elements: string[], bonds: number[][], longest: number}} topology
 *   sticks: the atoms to draw, elements: of these, bonds: pairs of atoms,
 *   longest: in angstrom; a longer bond crosses the boundary of the box and is not drawn
 * @param {number[]} color of carbons
 */
export function addSticks(mesh, xyz, topology, color) {
  const { sticks, elements, bonds, longest } = topology;
  const colorOf = new Map();
  sticks.forEach((atom, k) => colorOf.set(atom, ELEMENT_COLORS[elements[k]] ?? color));
  for (const [a, b] of bonds) {
    const [from, to] = [pointOf(xyz, a), pointOf(xyz, b)];
    if (distance(from, to) > longest) continue;
    const middle = between(from, to, 0.5);
    addCylinder(mesh, from, middle, colorOf.get(a));
    addCylinder(mesh, middle, to, colorOf.get(b));
  }
  const rows = sticks.length > MANY ? 5 : 9;
  sticks.forEach((atom, k) => {
    const radius = elements[k] === "H" ? HYDROGEN : BALL;
    addBall(mesh, pointOf(xyz, atom), radius, rows, colorOf.get(atom));
  });
}

function addCylinder(mesh, from, to, color) {
  const along = unit(subtract(to, from));
  const side = perpendicular(along);
  const up = cross(along, side);
  const first = mesh.pointCount;
  for (const end of [from, to]) {
    for (let k = 0; k < AROUND; k++) {
      const angle = (2 * Math.PI * k) / AROUND;
      const out = addScaled(side.map((v) => v * Math.cos(angle)), up, Math.sin(angle));
      mesh.point(addScaled(end, out, STICK), out, color);
    }
  }
  mesh.tube(first, 2, AROUND);
}

function addBall(mesh, center, radius, rows, color) {
  const around = Math.ceil(1.4 * rows);
  const first = mesh.pointCount;
  for (let row = 0; row < rows; row++) {
    const down = (Math.PI * row) / (rows - 1);
    for (let k = 0; k < around; k++) {
      const angle = (2 * Math.PI * k) / around;
      const out = [Math.sin(down) * Math.cos(angle), Math.cos(down), Math.sin(down) * Math.sin(angle)];
      mesh.point(addScaled(center, out, radius), out, color);
    }
  }
  mesh.tube(first, rows, around);
}

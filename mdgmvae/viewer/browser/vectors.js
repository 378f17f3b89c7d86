// Vectors of three numbers, rotations (three columns, as WebGL wants them), and colours.

/** @typedef {number[]} Vector  three numbers */
/** @typedef {number[]} Rotation  nine numbers, column by column */

export const IDENTITY = Object.freeze([1, 0, 0, 0, 1, 0, 0, 0, 1]);

/** @param {Vector} a @param {Vector} b */
export function subtract(a, b) {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** The vector a + factor * b. @param {Vector} a @param {Vector} b @param {number} factor */
export function addScaled(a, b, factor) {
  return [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];
}

/** The point between two points: a at share 0, b at share 1. */
export function between(a, b, share) {
  return addScaled(a, subtract(b, a), share);
}

/** @param {Vector} a @param {Vector} b @returns {number} */
export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** @param {Vector} a @param {Vector} b @returns {Vector} */
export function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** @param {Vector} a @param {Vector} b @returns {number} */
export function distance(a, b) {
  return Math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2);
}

/** The vector with length 1, or zero if it has no length. */
export function unit(a) {
  const length = Math.sqrt(dot(a, a)) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}

/** Some unit vector at a right angle to `a`. */
export function perpendicular(a) {
  return unit(cross(a, Math.abs(a[0]) < 0.9 * Math.hypot(...a) ? [1, 0, 0] : [0, 1, 0]));
}

/** The part of `a` at a right angle to the unit vector `axis`, with length 1. */
export function across(a, axis) {
  const part = addScaled(a, axis, -dot(a, axis));
  return dot(part, part) > 1e-12 ? unit(part) : perpendicular(axis);
}

/** The i-th point of coordinates x0 y0 z0 x1 y1 z1 ... */
export function pointOf(xyz, i) {
  return [xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]];
}

/**
 * Turn a view further: about the vertical axis of the screen, then about the horizontal one.
 * @param {Rotation} view
 * @param {number} right angle in radians
 * @param {number} down angle in radians
 * @returns {Rotation}
 */
export function turned(view, right, down) {
  const [c, s, d, t] = [Math.cos(right), Math.sin(right), Math.cos(down), Math.sin(down)];
  const turn = [c, s * t, -s * d, 0, d, t, s, -c * t, c * d];
  const result = [];
  for (let column = 0; column < 3; column++) {
    for (let row = 0; row < 3; row++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += turn[3 * k + row] * view[3 * column + k];
      result.push(sum);
    }
  }
  return result;
}

/**
 * Mix two colours "#RRGGBB".
 * @param {string} color
 * @param {string} other
 * @param {number} share of the other one
 */
export function mixed(color, other, share) {
  const theirs = channels(other);
  const result = channels(color).map((channel, k) =>
    Math.round(channel + (theirs[k] - channel) * share).toString(16).padStart(2, "0"),
  );
  return `#${result.join("")}`;
}

/** The colour "#RRGGBB" as three numbers from 0 to 255. @param {string} color */
export function channels(color) {
  return [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
}

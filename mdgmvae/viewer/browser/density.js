// Counts points in the cells of a grid, for millions of points and for the free energy.

/** @typedef {{left: number, right: number, low: number, high: number}} Limits */

/** A free energy is smoothed by this many cells. */
const SMOOTHING = [1, 4, 6, 4, 1];

/**
 * Count the points of each state in the cells of a grid, and find the most frequent state.
 * @param {Float32Array} points x0 y0 x1 y1 ...
 * @param {ArrayLike<number>} labels
 * @param {boolean[]} visible states to count
 * @param {Limits} limits of the grid
 * @param {number} columns
 * @param {number} lines from top to bottom
 * @param {?Uint8Array} chosen rows to count where it is not zero; null for all
 * @param {number[][]} images how far each periodic image of the points is moved
 * @returns {{counts: Uint32Array, states: Int16Array, largest: number, total: number}}
 */
export function densityOf(points, labels, visible, limits, columns, lines, chosen, images = [[0, 0]]) {
  const { left, low, high } = limits;
  const cells = columns * lines;
  const perState = new Uint32Array(cells * visible.length);
  const [scaleX, scaleY] = [columns / (limits.right - left), lines / (high - low)];
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const state = labels[row];
    if (state < 0 || !visible[state] || (chosen && !chosen[row])) continue;
    for (const [right, up] of images) {
      const column = Math.floor((points[2 * row] + right - left) * scaleX);
      const line = Math.floor((high - points[2 * row + 1] - up) * scaleY);
      if (column < 0 || column >= columns || line < 0 || line >= lines) continue;
      perState[state * cells + line * columns + column]++;
      total++;
    }
  }
  const counts = new Uint32Array(cells);
  const states = new Int16Array(cells).fill(-1);
  const most = new Uint32Array(cells);
  for (let state = 0; state < visible.length; state++) {
    for (let cell = 0; cell < cells; cell++) {
      const count = perState[state * cells + cell];
      counts[cell] += count;
      if (count > most[cell]) [most[cell], states[cell]] = [count, state];
    }
  }
  return { counts, states, largest: counts.reduce((a, b) => Math.max(a, b), 0), total };
}

/** Stands for the free energy where no point is near, so that lines around the others close. */
const EMPTY = 50;

/**
 * The free energy of the cells of a grid in kT, above the lowest.
 * @param {ArrayLike<number>} counts
 * @param {number} columns
 * @param {boolean[]} wraps whether each axis is periodic, with the grid over one period
 * @returns {{energy: Float32Array, highest: number}} highest: that of a cell with a single point
 */
export function freeEnergyOf(counts, columns, wraps) {
  const lines = counts.length / columns;
  const along = blurred(Float32Array.from(counts), columns, 1, wraps[0]);
  const smooth = blurred(along, lines, columns, wraps[1]);
  const largest = smooth.reduce((a, b) => Math.max(a, b), 0);
  const energy = smooth.map((count) => (count > 0 ? Math.log(largest / count) : EMPTY));
  return { energy, highest: Math.log(largest) };
}

/** Smooth along an axis of n cells, which are `step` apart. */
function blurred(values, n, step, wraps) {
  const result = new Float32Array(values.length);
  const reach = (SMOOTHING.length - 1) / 2;
  const total = SMOOTHING.reduce((a, b) => a + b);
  for (let cell = 0; cell < values.length; cell++) {
    const place = Math.floor(cell / step) % n;
    for (let k = -reach; k <= reach; k++) {
      const other = wraps ? (place + k + n) % n : place + k;
      if (other < 0 || other >= n) continue;
      result[cell] += (values[cell + (other - place) * step] * SMOOTHING[k + reach]) / total;
    }
  }
  return result;
}

/**
 * Lines of equal height on a grid (marching squares).
 * @param {ArrayLike<number>} heights
 * @param {number} columns
 * @param {number} level
 * @param {boolean[]} wraps whether each axis is periodic; lines then go beyond the last cell, to
 *   the centre of the first one
 * @returns {number[][]} pieces [x, y, x, y] in cells, from centre to centre of the cells
 */
export function contour(heights, columns, level, wraps) {
  const lines = heights.length / columns;
  const pieces = [];
  for (let line = 0; line + (wraps[1] ? 0 : 1) < lines; line++) {
    for (let column = 0; column + (wraps[0] ? 0 : 1) < columns; column++) {
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([dx, dy]) => [
        column + dx,
        line + dy,
        heights[((line + dy) % lines) * columns + ((column + dx) % columns)],
      ]);
      const ends = [];
      for (let k = 0; k < 4; k++) {
        const [x, y, height] = corners[k];
        const [nextX, nextY, nextHeight] = corners[(k + 1) % 4];
        if (height < level === nextHeight < level) continue;
        const share = (level - height) / (nextHeight - height);
        ends.push(x + share * (nextX - x), y + share * (nextY - y));
      }
      for (let k = 0; k + 3 < ends.length; k += 4) pieces.push(ends.slice(k, k + 4));
    }
  }
  return pieces;
}

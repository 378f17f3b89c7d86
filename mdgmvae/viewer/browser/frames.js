// Which frames can be shown, and how to go from one to the next. No drawing here.
//
// A row is a frame that has a point on the landscape; rows are in the order of time.

/** @typedef {{labels: Int16Array, frames: Int32Array, starts: number[]}} Rows */

/**
 * The first row at or after a position in a sorted list.
 * @param {ArrayLike<number>} sorted
 * @param {number} value
 * @returns {number} index into the list, its length if all are smaller
 */
export function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The number of entries of a sorted list that are not above a value. */
export function upperBound(sorted, value) {
  return lowerBound(sorted, value + 1);
}

/** The entry of a sorted list that is nearest to a value, or -1 if the list is empty. */
export function nearestIn(sorted, value) {
  const after = lowerBound(sorted, value);
  if (!sorted.length) return -1;
  if (after === sorted.length) return sorted[after - 1];
  if (after === 0) return sorted[0];
  return value - sorted[after - 1] <= sorted[after] - value ? sorted[after - 1] : sorted[after];
}

/**
 * The rows that can be shown: those with a state that is switched on, and a stored structure.
 * @param {ArrayLike<number>} labels state of each row, -1 for none
 * @param {boolean[]} visible whether each state is switched on
 * @param {?ArrayLike<number>} stored sorted rows with a structure; null for all
 * @returns {Int32Array} sorted
 */
export function showableRows(labels, visible, stored) {
  const found = new Int32Array(stored ? stored.length : labels.length);
  let count = 0;
  for (let k = 0; k < found.length; k++) {
    const row = stored ? stored[k] : k;
    if (labels[row] >= 0 && visible[labels[row]]) found[count++] = row;
  }
  return found.subarray(0, count);
}

/**
 * The rows at which the state changes within a trajectory. The first row of a trajectory, and of
 * a state after rows without one, is no transition.
 * @param {ArrayLike<number>} labels
 * @param {number[]} starts first row of each trajectory
 * @returns {Int32Array} sorted; the first row in the new state
 */
export function transitions(labels, starts) {
  const first = new Set(starts);
  const found = [];
  for (let row = 1; row < labels.length; row++) {
    const [before, now] = [labels[row - 1], labels[row]];
    if (before !== now && before >= 0 && now >= 0 && !first.has(row)) found.push(row);
  }
  return Int32Array.from(found);
}

/**
 * The entry before (direction -1) or after (1) a value in a sorted list; -1 if there is none.
 */
export function nextIn(sorted, value, direction) {
  const at = direction > 0 ? lowerBound(sorted, value + 1) : lowerBound(sorted, value) - 1;
  return at >= 0 && at < sorted.length ? sorted[at] : -1;
}

/**
 * The rows inside a polygon.
 * @param {Float32Array} points x0 y0 x1 y1 ...
 * @param {number[][]} polygon
 * @param {(row: number) => boolean} accepts
 * @returns {Int32Array} sorted
 */
export function rowsInside(points, polygon, accepts) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const found = [];
  for (let row = 0; 2 * row < points.length; row++) {
    const [x, y] = [points[2 * row], points[2 * row + 1]];
    if (!(x >= left && x <= right && y >= low && y <= high) || !accepts(row)) continue;
    let inside = false;
    for (let k = 0, j = polygon.length - 1; k < polygon.length; j = k++) {
      const crosses = ys[k] > y !== ys[j] > y;
      if (crosses && x < ((xs[j] - xs[k]) * (y - ys[k])) / (ys[j] - ys[k]) + xs[k]) inside = !inside;
    }
    if (inside) found.push(row);
  }
  return Int32Array.from(found);
}

/** The rows that are in any of several lists. @param {Int32Array[]} lists @returns {Int32Array} */
export function union(lists) {
  const filled = lists.filter((rows) => rows.length);
  if (filled.length < 2) return Int32Array.from(filled[0] ?? []);
  return Int32Array.from(new Set(filled.flatMap((rows) => [...rows]))).sort();
}

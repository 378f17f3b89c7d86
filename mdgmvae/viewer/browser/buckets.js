// Finds the nearest of millions of points at once: they are sorted into the cells of a grid.

/** Points on average in a cell, and most cells along an axis. */
const IN_CELL = 4;
const MOST_CELLS = 512;

/** The smallest and largest x and y of all points that are numbers: [x, x, y, y]. */
export function extentOf(points) {
  const extent = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    if (!(Number.isFinite(x) && Number.isFinite(y))) continue;
    if (x < extent[0]) extent[0] = x;
    if (x > extent[1]) extent[1] = x;
    if (y < extent[2]) extent[2] = y;
    if (y > extent[3]) extent[3] = y;
  }
  if (extent[0] > extent[1]) return [0, 1, 0, 1];
  return extent;
}

/** A grid over points in which the nearest one is found. */
export class Buckets {
  /**
   * @param {Float32Array} points x0 y0 x1 y1 ...
   * @param {ArrayLike<number>} rows the points to find
   */
  constructor(points, rows) {
    this.points = points;
    [this.left, this.right, this.low, this.high] = extentOf(points);
    const wanted = Math.round(Math.sqrt(rows.length / IN_CELL));
    this.size = Math.max(1, Math.min(MOST_CELLS, wanted));
    this.width = (this.right - this.left || 1) / this.size;
    this.height = (this.high - this.low || 1) / this.size;
    this.starts = new Int32Array(this.size * this.size + 1);
    for (const row of rows) this.starts[this.cellOf(row) + 1]++;
    for (let cell = 0; cell < this.size * this.size; cell++) this.starts[cell + 1] += this.starts[cell];
    this.rows = new Int32Array(rows.length);
    const next = this.starts.slice();
    for (const row of rows) this.rows[next[this.cellOf(row)]++] = row;
  }

  column(x) {
    return Math.min(this.size - 1, Math.max(0, Math.floor((x - this.left) / this.width)));
  }

  line(y) {
    return Math.min(this.size - 1, Math.max(0, Math.floor((y - this.low) / this.height)));
  }

  cellOf(row) {
    return this.column(this.points[2 * row]) + this.size * this.line(this.points[2 * row + 1]);
  }

  /**
   * The row nearest to a position.
   * @param {number} x
   * @param {number} y
   * @param {number} scaleX pixels of one unit of x: nearest is meant on the screen
   * @param {number} scaleY
   * @param {number} [reach] pixels within which it has to be
   * @returns {number} -1 if there is no such row
   */
  nearest(x, y, scaleX, scaleY, reach = Infinity) {
    const [column, line] = [this.column(x), this.line(y)];
    // Outside of the grid, the cells are farther away than their number says, which does no harm.
    const ring = Math.min(this.width * scaleX, this.height * scaleY);
    let best = -1;
    let shortest = reach ** 2;
    for (let radius = 0; radius <= this.size; radius++) {
      if ((radius - 1) * ring > Math.sqrt(shortest)) break;
      for (let j = line - radius; j <= line + radius; j++) {
        if (j < 0 || j >= this.size) continue;
        const whole = Math.abs(j - line) === radius;
        for (let i = column - radius; i <= column + radius; i += whole ? 1 : 2 * radius || 1) {
          if (i < 0 || i >= this.size) continue;
          const cell = j * this.size + i;
          for (let k = this.starts[cell]; k < this.starts[cell + 1]; k++) {
            const row = this.rows[k];
            const away =
              ((this.points[2 * row] - x) * scaleX) ** 2 + ((this.points[2 * row + 1] - y) * scaleY) ** 2;
            if (away < shortest) [shortest, best] = [away, row];
          }
        }
      }
    }
    return best;
  }
}

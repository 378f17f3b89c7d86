// Triangles with normals and colours, in arrays that grow.

/** Triangles to draw. Points have a position, a normal and a colour; three indices are a triangle. */
export class Mesh {
  constructor() {
    this.positions = new Float32Array(3 * 4096);
    this.normals = new Float32Array(3 * 4096);
    this.colors = new Uint8Array(4 * 4096);
    this.indices = new Uint32Array(3 * 8192);
    this.pointCount = 0;
    this.indexCount = 0;
  }

  /** Remove all triangles, but keep the memory for the next ones. */
  clear() {
    this.pointCount = 0;
    this.indexCount = 0;
  }

  /**
   * Add a point.
   * @param {number[]} position
   * @param {number[]} normal with length 1
   * @param {number[]} color three numbers from 0 to 255
   * @returns {number} its index
   */
  point(position, normal, color) {
    const at = this.pointCount;
    if (3 * (at + 1) > this.positions.length) {
      this.positions = doubled(this.positions);
      this.normals = doubled(this.normals);
      this.colors = doubled(this.colors);
    }
    for (let k = 0; k < 3; k++) {
      this.positions[3 * at + k] = position[k];
      this.normals[3 * at + k] = normal[k];
      this.colors[4 * at + k] = color[k];
    }
    this.colors[4 * at + 3] = 255;
    this.pointCount = at + 1;
    return at;
  }

  /** Add a triangle of three points by their indices. */
  triangle(a, b, c) {
    if (this.indexCount + 3 > this.indices.length) this.indices = doubled(this.indices);
    this.indices[this.indexCount++] = a;
    this.indices[this.indexCount++] = b;
    this.indices[this.indexCount++] = c;
  }

  /**
   * Join rings of points, which have been added one ring after the other, to a tube.
   * @param {number} first index of the first point
   * @param {number} rings
   * @param {number} around points in a ring
   */
  tube(first, rings, around) {
    for (let ring = 0; ring + 1 < rings; ring++) {
      for (let k = 0; k < around; k++) {
        const a = first + ring * around + k;
        const b = first + ring * around + ((k + 1) % around);
        this.triangle(a, b, a + around);
        this.triangle(b, b + around, a + around);
      }
    }
  }
}

function doubled(array) {
  const larger = new array.constructor(2 * array.length);
  larger.set(array);
  return larger;
}

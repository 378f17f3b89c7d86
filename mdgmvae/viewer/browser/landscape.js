// The landscape: points or their density in the colours of the states, and the free energy.

import { Buckets, extentOf } from "./buckets.js";
import { contour, densityOf, freeEnergyOf } from "./density.js";
import { rowsInside } from "./frames.js";
import { listenToPointer } from "./gestures.js";
import { cleared } from "./pixels.js";
import { Plane } from "./plane.js";
import { channels } from "./vectors.js";

/** With more points in view, their density is drawn. */
const MOST_POINTS = 20000;
/** Size of a cell of the density in CSS pixels. */
const CELL = 2;
const MANY_STATES = 32;
/** Cells of the free energy along an axis, its levels in kT, and the points that it needs. */
const ENERGY_CELLS = 64;
const ENERGY_LEVELS = [1, 2, 3, 4, 5, 6, 7, 8];
const ENOUGH_FOR_ENERGY = 1000;
const FAINT = 0.25;
/** Pixels between a click and the point that it means. */
const REACH = 40;
const UNASSIGNED = "#BBBBBB";

/** Pieces of lines on a grid of n by n cells; those beyond the last cell are also before the first. */
function repeatedAtBorder(pieces, n) {
  for (const axis of [0, 1]) {
    const beyond = pieces.filter((piece) => Math.max(piece[axis], piece[axis + 2]) > n - 1);
    const moved = beyond.map((piece) => piece.map((v, k) => (k % 2 === axis ? v - n : v)));
    pieces = [...pieces, ...moved];
  }
  return pieces;
}

/** The landscape on two canvases: points below, and above them the marker and the lasso. */
export class Landscape {
  /**
   * @param {HTMLCanvasElement} below
   * @param {HTMLCanvasElement} above takes the pointer
   * @param {object} data points, labels, axes, periods, hasEnergy
   * @param {Theme} theme with the colours of the states
   * @param {{onPick: (row: number) => void, onLasso: (rows: Int32Array) => void}} listener
   */
  constructor(below, above, data, theme, listener) {
    Object.assign(this, { below, above, data, theme, listener });
    this.plane = new Plane(below, extentOf(data.points), data.periods);
    this.visible = theme.colors.map(() => true);
    this.row = -1;
    this.chosen = null;
    this.outline = null; // of the lasso, in data coordinates
    this.lassoing = false;
    this.counts = null; // of the points in the cells of the view
    this.contours = this.findContours();
    this.listen();
  }

  /** Set which states are drawn, and the rows that can be picked. */
  setVisible(visible, rows) {
    this.visible = visible;
    this.counts = null;
    this.buckets = new Buckets(this.data.points, rows);
    this.draw();
  }

  /** Highlight rows; null for none. @param {?ArrayLike<number>} rows */
  setChosen(rows) {
    this.chosen = this.counts = null;
    if (rows) {
      this.chosen = new Uint8Array(this.data.labels.length);
      for (const row of rows) this.chosen[row] = 1;
    } else {
      this.outline = null;
    }
    this.draw();
  }

  /** Put the marker on a row. */
  setRow(row) {
    this.row = row;
    this.drawAbove();
  }

  findContours() {
    const { points, labels, hasEnergy, periods } = this.data;
    if (!hasEnergy || labels.length < ENOUGH_FOR_ENERGY) return [];
    const [n, all] = [ENERGY_CELLS, this.plane.all];
    const { counts } = densityOf(points, labels, this.visible, all, n, n, null);
    const wraps = periods.map(Boolean);
    const { energy, highest } = freeEnergyOf(counts, n, wraps);
    const x = (column) => all.left + ((column + 0.5) / n) * (all.right - all.left);
    const y = (line) => all.high - ((line + 0.5) / n) * (all.high - all.low);
    return ENERGY_LEVELS.filter((level) => level <= highest).flatMap((level) =>
      repeatedAtBorder(contour(energy, n, level, wraps), n).map(([a, b, c, d]) => [
        x(a), y(b), x(c), y(d),
      ]),
    );
  }

  draw() {
    const target = cleared(this.below);
    const { box } = this.plane;
    if (this.below.clientWidth < 80 || this.below.clientHeight < 80) return;
    target.save();
    target.beginPath();
    target.rect(box.x, box.y, box.width, box.height);
    target.clip();
    this.isDensity = !this.drawPoints(target, box);
    this.drawContours(target);
    target.restore();
    this.plane.drawAxes(target, this.data.axes, this.theme.ink);
    this.drawAbove();
  }

  /** Draw points if there are not too many in view, otherwise their density. */
  drawPoints(target, box) {
    const { points, labels } = this.data;
    // Every cell counts each state: with many states, there are fewer cells.
    const cell = CELL * Math.max(1, Math.sqrt(this.visible.length / MANY_STATES));
    const columns = Math.ceil(box.width / cell);
    const lines = Math.ceil(box.height / cell);
    const { all, chosen } = this.counted(columns, lines);
    if (all.total > MOST_POINTS) {
      this.drawDensity(target, box, all, columns, chosen ? FAINT : 1);
      if (chosen) this.drawDensity(target, box, chosen, columns, 1);
      return false;
    }
    const size = all.total > 3000 ? 2.2 : all.total > 300 ? 3.2 : 5;
    const toScreen = this.plane.projection();
    this.drawUnlabelled(target, toScreen);
    // A second round, so that chosen points are above others.
    for (const ofChosen of this.chosen ? [0, 1] : [null]) {
      // Faint points are opaque, so that many of them do not add up.
      const { colors, faint } = this.theme;
      target.globalAlpha = ofChosen === 0 ? 1 : 0.8;
      this.visible.forEach((isVisible, state) => {
        if (!isVisible) return;
        target.fillStyle = (ofChosen === 0 ? faint : colors)[state];
        for (let row = 0; row < labels.length; row++) {
          if (labels[row] !== state || (this.chosen && this.chosen[row] !== ofChosen)) continue;
          const [x, y] = toScreen(points[2 * row], points[2 * row + 1]);
          if (x < box.x - size || x > box.x + box.width + size) continue;
          target.fillRect(x - size / 2, y - size / 2, size, size);
        }
      });
    }
    return true;
  }

  /** Count the points in the cells of the view. The same view is counted once. */
  counted(columns, lines) {
    const { points, labels } = this.data;
    const { limits } = this.plane;
    const view = JSON.stringify([limits, columns, lines]);
    if (this.counts?.view !== view) {
      const count = (rows) => densityOf(points, labels, this.visible, limits, columns, lines, rows);
      this.counts = { view, all: count(null), chosen: this.chosen && count(this.chosen) };
    }
    return this.counts;
  }

  drawUnlabelled(target, toScreen) {
    const { points, labels } = this.data;
    target.fillStyle = UNASSIGNED;
    target.globalAlpha = 0.6;
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] >= 0) continue;
      const [x, y] = toScreen(points[2 * row], points[2 * row + 1]);
      target.fillRect(x - 1, y - 1, 2, 2);
    }
  }

  drawDensity(target, box, { counts, states, largest }, columns, opacity) {
    const lines = counts.length / columns;
    const image = new ImageData(columns, lines);
    const colors = this.theme.colors.map(channels);
    const scale = 1 / Math.log(1 + Math.max(largest, 2));
    for (let cell = 0; cell < counts.length; cell++) {
      if (!counts[cell]) continue;
      image.data.set(colors[states[cell]], 4 * cell);
      image.data[4 * cell + 3] = 255 * opacity * (0.3 + 0.7 * Math.log(1 + counts[cell]) * scale);
    }
    const small = document.createElement("canvas");
    Object.assign(small, { width: columns, height: lines });
    small.getContext("2d").putImageData(image, 0, 0);
    target.imageSmoothingEnabled = false;
    target.drawImage(small, box.x, box.y, box.width, box.height);
  }

  drawContours(target) {
    target.globalAlpha = 0.6;
    target.strokeStyle = this.theme.ink;
    target.lineWidth = 0.7;
    const toScreen = this.plane.projection();
    // Of lines that cross the border of a period, each side has its part.
    const { left, right, low, high } = this.plane.all;
    const [[x, y], [endX, endY]] = [toScreen(left, high), toScreen(right, low)];
    target.beginPath();
    target.rect(x, y, endX - x, endY - y);
    target.clip();
    target.beginPath();
    for (const [a, b, c, d] of this.contours) {
      target.moveTo(...toScreen(a, b));
      target.lineTo(...toScreen(c, d));
    }
    target.stroke();
  }

  drawAbove() {
    const target = cleared(this.above);
    const { points, labels } = this.data;
    const { ink, paper, colors } = this.theme;
    if (this.outline) {
      target.beginPath();
      for (const [x, y] of this.outline) target.lineTo(...this.plane.toScreen(x, y));
      target.closePath();
      target.save();
      target.setLineDash([4, 3]);
      target.strokeStyle = ink;
      target.stroke();
      target.restore();
    }
    if (this.row < 0) return;
    const [x, y] = this.plane.toScreen(points[2 * this.row], points[2 * this.row + 1]);
    const { box } = this.plane;
    if (x < box.x || x > box.x + box.width || y < box.y || y > box.y + box.height) return;
    target.beginPath();
    target.arc(x, y, 7, 0, 2 * Math.PI);
    target.fillStyle = colors[labels[this.row]] ?? UNASSIGNED;
    target.fill();
    target.lineWidth = 4;
    target.strokeStyle = paper;
    target.stroke();
    target.lineWidth = 2;
    target.strokeStyle = ink;
    target.stroke();
  }

  /** Pick the frame nearest to a pixel, unless it is far away. */
  pick(x, y) {
    const { plane } = this;
    const row = this.buckets.nearest(...plane.toData(x, y), ...plane.scale, REACH);
    if (row >= 0) this.listener.onPick(row);
  }

  /** Choose the frames inside the outline that has been drawn. */
  closeLasso() {
    const isArea = this.outline.length > 2;
    const { points, labels } = this.data;
    const accepts = (row) => labels[row] >= 0 && this.visible[labels[row]];
    this.listener.onLasso(isArea ? rowsInside(points, this.outline, accepts) : new Int32Array());
  }

  listen() {
    const { plane } = this;
    const redraw = () => {
      // Wheel and pointer can report faster than a screen draws.
      this.waiting ??= requestAnimationFrame(() => {
        this.waiting = null;
        this.draw();
      });
    };
    listenToPointer(this.above, {
      isLasso: () => this.lassoing,
      onClick: (x, y) => this.pick(x, y),
      onPan: (right, down) => {
        plane.pan(right, down);
        redraw();
      },
      onZoom: (factor, x, y) => {
        plane.zoom(factor, x, y);
        redraw();
      },
      onReset: () => {
        plane.reset();
        redraw();
      },
      onLassoMove: (pixels) => {
        this.outline = pixels.map(([x, y]) => plane.toData(x, y));
        this.drawAbove();
      },
      onLassoEnd: () => this.closeLasso(),
    });
  }
}

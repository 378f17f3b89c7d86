// The landscape: points or their density in the colours of the states, and the free energy.

import { Buckets, extentOf } from "./buckets.js";
import { contour, densityOf, freeEnergyOf } from "./density.js";
import { rowsInside, union } from "./frames.js";
import { listenToPointer } from "./gestures.js";
import { cleared } from "./pixels.js";
import { imagesWithin, Plane } from "./plane.js";
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
    this.chosen = this.chosenRows = null;
    this.outlines = []; // of the frames that are chosen, in data coordinates
    this.lasso = null; // that is being drawn
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
    this.chosenRows = rows;
    if (rows) {
      this.chosen = new Uint8Array(this.data.labels.length);
      for (const row of rows) this.chosen[row] = 1;
    } else {
      this.outlines = [];
      this.lasso = null;
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
    const { images } = this.plane;
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
          for (const [right, up] of images) {
            const [x, y] = toScreen(points[2 * row] + right, points[2 * row + 1] + up);
            if (x < box.x - size || x > box.x + box.width + size) continue;
            target.fillRect(x - size / 2, y - size / 2, size, size);
          }
        }
      });
    }
    return true;
  }

  /** Count the points in the cells of the view. The same view is counted once. */
  counted(columns, lines) {
    const { points, labels } = this.data;
    const { limits, images } = this.plane;
    const view = JSON.stringify([limits, columns, lines]);
    if (this.counts?.view !== view) {
      const count = (rows) =>
        densityOf(points, labels, this.visible, limits, columns, lines, rows, images);
      this.counts = { view, all: count(null), chosen: this.chosen && count(this.chosen) };
    }
    return this.counts;
  }

  drawUnlabelled(target, toScreen) {
    const { points, labels } = this.data;
    target.fillStyle = UNASSIGNED;
    target.globalAlpha = 0.6;
    const { images } = this.plane;
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] >= 0) continue;
      for (const [right, up] of images) {
        const [x, y] = toScreen(points[2 * row] + right, points[2 * row + 1] + up);
        target.fillRect(x - 1, y - 1, 2, 2);
      }
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

  /** Draw the lines of the free energy, and the borders of periods within the view. */
  drawContours(target) {
    const toScreen = this.plane.projection();
    const { left, right, low, high } = this.plane.all;
    const { images } = this.plane;
    for (const [across, up] of images) {
      // Of lines that cross the border of a period, each side has its part.
      const [[x, y], [endX, endY]] = [
        toScreen(left + across, high + up),
        toScreen(right + across, low + up),
      ];
      target.save();
      target.beginPath();
      target.rect(x, y, endX - x, endY - y);
      target.clip();
      target.beginPath();
      for (const [a, b, c, d] of this.contours) {
        target.moveTo(...toScreen(a + across, b + up));
        target.lineTo(...toScreen(c + across, d + up));
      }
      // Lines can be seen on points of any colour.
      for (const [color, width] of [[this.theme.paper, 3], [this.theme.ink, 1.2]]) {
        target.globalAlpha = color === this.theme.paper ? 0.7 : 1;
        target.strokeStyle = color;
        target.lineWidth = width;
        target.stroke();
      }
      target.restore();
      if (images.length < 2) continue;
      target.globalAlpha = 1;
      target.lineWidth = 1;
      target.strokeStyle = this.theme.line;
      target.strokeRect(x, y, endX - x, endY - y);
    }
  }

  drawAbove() {
    const target = cleared(this.above);
    const { points } = this.data;
    this.drawOutlines(target);
    if (this.row < 0) return;
    const { box, images } = this.plane;
    for (const [right, up] of images) {
      const [x, y] = this.plane.toScreen(
        points[2 * this.row] + right,
        points[2 * this.row + 1] + up,
      );
      const isInside = x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
      if (isInside) this.drawMarker(target, x, y);
    }
  }

  /** Draw the lasso, and the outlines of earlier ones with their periodic images. */
  drawOutlines(target) {
    const { box, limits } = this.plane;
    const [x, y] = this.data.periods.map((period) => period ?? 0);
    const wider = {
      left: limits.left - x,
      right: limits.right + x,
      low: limits.low - y,
      high: limits.high + y,
    };
    const draw = (outline, right = 0, up = 0) => {
      target.beginPath();
      for (const [x, y] of outline) target.lineTo(...this.plane.toScreen(x + right, y + up));
      target.closePath();
      target.stroke();
    };
    target.save();
    target.setLineDash([4, 3]);
    target.strokeStyle = this.theme.ink;
    if (this.lasso) draw(this.lasso);
    target.beginPath();
    target.rect(box.x, box.y, box.width, box.height);
    target.clip();
    for (const image of imagesWithin(wider, this.data.periods)) {
      for (const outline of this.outlines) draw(outline, ...image);
    }
    target.restore();
  }

  drawMarker(target, x, y) {
    const { ink, paper, colors } = this.theme;
    const { labels } = this.data;
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
    const { plane, buckets } = this;
    const { points, periods } = this.data;
    const [[left, high], [right, low]] = [
      plane.toData(x - REACH, y - REACH),
      plane.toData(x + REACH, y + REACH),
    ];
    let [nearest, least] = [-1, Infinity];
    for (const [across, up] of imagesWithin({ left, right, low, high }, periods)) {
      const [atX, atY] = plane.toData(x, y);
      const row = buckets.nearest(atX - across, atY - up, ...plane.scale, REACH);
      if (row < 0) continue;
      const [pointX, pointY] = plane.toScreen(points[2 * row] + across, points[2 * row + 1] + up);
      const away = Math.hypot(pointX - x, pointY - y);
      if (away < least) [nearest, least] = [row, away];
    }
    if (nearest >= 0) this.listener.onPick(nearest);
  }

  /** The rows inside an outline, of which any periodic image counts. */
  rowsInside(outline) {
    const { points, labels, periods } = this.data;
    const xs = outline.map(([x]) => x);
    const ys = outline.map(([, y]) => y);
    const limits = {
      left: Math.min(...xs),
      right: Math.max(...xs),
      low: Math.min(...ys),
      high: Math.max(...ys),
    };
    const accepts = (row) => labels[row] >= 0 && this.visible[labels[row]];
    const found = imagesWithin(limits, periods).map(([right, up]) =>
      rowsInside(points, outline.map(([x, y]) => [x - right, y - up]), accepts),
    );
    return union(found);
  }

  /** Choose the frames inside the lasso, beside those that are chosen or instead of them. */
  closeLasso(isMore) {
    const { lasso } = this;
    this.lasso = null;
    const inside = lasso.length > 2 ? this.rowsInside(lasso) : new Int32Array();
    const before = isMore ? (this.chosenRows ?? []) : [];
    this.outlines = isMore ? [...this.outlines, lasso] : [lasso];
    this.listener.onLasso(union([before, inside]));
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
        this.lasso = pixels.map(([x, y]) => plane.toData(x, y));
        this.drawAbove();
      },
      onLassoEnd: (isMore) => this.closeLasso(isMore),
      onLassoCancel: () => {
        this.lasso = null;
        this.drawAbove();
      },
    });
  }
}

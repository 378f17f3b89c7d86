// The states against time, as a strip: each column shows the states of its frames.

import { cleared } from "./pixels.js";
import { written } from "./plane.js";

const STRIP_TOP = 8; // pixels above the strip, for the tip of the marker
const LABELS = 16; // pixels below the strip, for numbers of frames
const UNASSIGNED = "#BBBBBB";

/**
 * Shares of the states in the columns of a strip.
 * @param {ArrayLike<number>} labels
 * @param {number} columns
 * @param {number} nStates
 * @returns {Float32Array} columns * (nStates + 1) shares; the last is of rows without a state
 */
export function sharesOf(labels, columns, nStates) {
  const shares = new Float32Array(columns * (nStates + 1));
  const n = labels.length;
  for (let column = 0; column < columns; column++) {
    const first = Math.min(Math.floor((column / columns) * n), n - 1);
    const end = Math.max(Math.floor(((column + 1) / columns) * n), first + 1);
    for (let row = first; row < end; row++) {
      const state = labels[row] < 0 ? nStates : labels[row];
      shares[column * (nStates + 1) + state] += 1 / (end - first);
    }
  }
  return shares;
}

/** A strip that shows the states, with a marker at the current frame. */
export class Timeline {
  /**
   * @param {HTMLCanvasElement} below
   * @param {HTMLCanvasElement} above takes pointer and keys
   * @param {object} data labels, frames, starts
   * @param {Theme} theme with the colours of the states
   * @param {(row: number) => void} onSeek
   */
  constructor(below, above, data, theme, onSeek) {
    Object.assign(this, { below, above, data, theme, onSeek });
    this.row = 0;
    this.visible = theme.colors.map(() => true);
    this.listen();
  }

  get count() {
    return this.data.labels.length;
  }

  setVisible(visible) {
    this.visible = visible;
    this.draw();
  }

  setRow(row) {
    this.row = row;
    const { above } = this;
    above.setAttribute("aria-valuenow", String(row));
    above.setAttribute("aria-valuetext", `frame ${written(this.data.frames[row])}`);
    this.drawAbove();
  }

  draw() {
    const target = cleared(this.below);
    const width = this.below.clientWidth;
    const height = this.below.clientHeight - STRIP_TOP - LABELS;
    if (width < 20 || height < 4) return;
    const { labels } = this.data;
    const { colors } = this.theme;
    const kinds = colors.length + 1;
    const shares = sharesOf(labels, width, colors.length);
    for (let x = 0; x < width; x++) {
      let y = STRIP_TOP;
      for (let state = 0; state < kinds; state++) {
        const tall = shares[x * kinds + state] * height;
        if (!tall) continue;
        target.fillStyle = colors[state] ?? UNASSIGNED;
        target.globalAlpha = this.visible[state] === false ? 0.15 : 1;
        target.fillRect(x, y, 1, tall);
        y += tall;
      }
    }
    this.drawLabels(target, width, STRIP_TOP + height);
    this.drawAbove();
  }

  /** Write the first and last frame, and where each trajectory begins. */
  drawLabels(target, width, bottom) {
    const { frames, starts, files } = this.data;
    const { ink, paper } = this.theme;
    target.globalAlpha = 1;
    target.font = "11px system-ui, sans-serif";
    target.fillStyle = ink;
    const last = `frame ${written(frames[this.count - 1])}`;
    const end = width - target.measureText(last).width;
    target.fillText(last, end, bottom + 13);
    let free = 0;
    starts.forEach((row, k) => {
      const x = (row / this.count) * width;
      if (k > 0) {
        target.fillStyle = paper;
        target.fillRect(x - 1, STRIP_TOP, 2, bottom - STRIP_TOP);
        target.fillStyle = ink;
        target.fillRect(x - 0.5, bottom, 1, 4);
      }
      const first = `frame ${written(frames[row])}`;
      const name = files[k].name || `trajectory ${k + 1}`;
      const text = starts.length > 1 ? `${name}: ${first}` : first;
      const wide = target.measureText(text).width + 8;
      if (x + 3 < free || x + wide > end - 4) return;
      target.fillText(text, k > 0 ? x + 3 : 0, bottom + 13);
      free = x + wide;
    });
  }

  drawAbove() {
    const target = cleared(this.above);
    const x = ((this.row + 0.5) / this.count) * this.above.clientWidth;
    const bottom = this.above.clientHeight - LABELS;
    target.fillStyle = this.theme.paper;
    target.fillRect(x - 2.5, STRIP_TOP, 5, bottom - STRIP_TOP);
    target.fillStyle = this.theme.ink;
    target.fillRect(x - 1, STRIP_TOP - 2, 2, bottom - STRIP_TOP + 2);
    target.beginPath();
    target.moveTo(x, STRIP_TOP);
    target.lineTo(x - 5, 0);
    target.lineTo(x + 5, 0);
    target.fill();
  }

  listen() {
    const { above } = this;
    let isSeeking = false;
    const seek = (event) => {
      const box = above.getBoundingClientRect();
      const row = Math.floor(((event.clientX - box.left) / box.width) * this.count);
      this.onSeek(Math.min(Math.max(row, 0), this.count - 1));
    };
    above.setAttribute("role", "slider");
    above.setAttribute("aria-valuemin", "0");
    above.setAttribute("aria-valuemax", String(this.count - 1));
    above.addEventListener("pointerdown", (event) => {
      isSeeking = true;
      above.setPointerCapture(event.pointerId);
      seek(event);
    });
    above.addEventListener("pointermove", (event) => isSeeking && seek(event));
    for (const name of ["pointerup", "pointercancel"]) {
      above.addEventListener(name, () => (isSeeking = false));
    }
  }
}

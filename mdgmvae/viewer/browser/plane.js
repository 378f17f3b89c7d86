// The plane of a landscape on a canvas: limits, axes and the way from data to pixels and back.

const MARGINS = { left: 52, right: 16, top: 10, bottom: 38 };
/** Empty space beside the points, as a share of their extent; none at the ends of a period. */
const PADDING = 0.04;
const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const FONT = "12px system-ui, sans-serif";

/** Distances of the marks on an axis of angles in degrees. */
const DEGREES = [30, 45, 90, 180];

/**
 * Round values for the marks of an axis.
 * @param {number} from
 * @param {number} to
 * @param {number} about how many
 * @param {boolean} isAngle whether the values are angles in degrees
 * @returns {number[]}
 */
export function ticks(from, to, about = 5, isAngle = false) {
  const rough = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const fits = (step) => step >= rough * 0.999;
  let step = [1, 2, 5, 10].map((factor) => factor * power).find(fits);
  if (isAngle && step > 20) step = DEGREES.find(fits) ?? step;
  const found = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/** A number with a proper minus sign, and thousands in groups. */
export function written(value) {
  return GROUPED.format(value).replace("-", "\u2212");
}

/**
 * The periodic images of the points that can be within some limits.
 * @param {Limits} limits
 * @param {?number[]} periods of the two axes, null for an axis that is not periodic
 * @returns {number[][]} how far each image is moved along the two axes
 */
export function imagesWithin({ left, right, low, high }, periods) {
  const [along, up] = [[left, right], [low, high]].map(([from, to], axis) => {
    const period = periods[axis];
    if (!period) return [0];
    const first = Math.floor(from / period + 0.5);
    const count = Math.max(1, Math.ceil(to / period - 0.5) - first + 1);
    return Array.from({ length: count }, (_, k) => (first + k) * period);
  });
  return along.flatMap((x) => up.map((y) => [x, y]));
}

/** The part of the plane that a canvas shows. */
export class Plane {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number[]} extent of the points: x, x, y, y
   * @param {?number[]} periods of the two axes, null for an axis that is not periodic
   */
  constructor(canvas, extent, periods) {
    this.canvas = canvas;
    this.periods = periods;
    const [[left, right], [low, high]] = [0, 1].map((axis) => {
      if (periods[axis]) return [-periods[axis] / 2, periods[axis] / 2];
      const [from, to] = extent.slice(2 * axis, 2 * axis + 2);
      const beside = PADDING * (to - from) || 0.5;
      return [from - beside, to + beside];
    });
    this.all = { left, right, low, high };
    this.limits = { ...this.all };
  }

  /** The rectangle of the axes in CSS pixels. */
  get box() {
    const { left, right, top, bottom } = MARGINS;
    return {
      x: left,
      y: top,
      width: Math.max(1, this.canvas.clientWidth - left - right),
      height: Math.max(1, this.canvas.clientHeight - top - bottom),
    };
  }

  /** Pixels of one unit. */
  get scale() {
    const { box, limits } = this;
    return [box.width / (limits.right - limits.left), box.height / (limits.high - limits.low)];
  }

  toScreen(x, y) {
    return this.projection()(x, y);
  }

  /** Returns what `toScreen` does, for many points: the size of the canvas is asked for once. */
  projection() {
    const { box, limits, scale } = this;
    const [scaleX, scaleY] = scale;
    return (x, y) => [box.x + (x - limits.left) * scaleX, box.y + (limits.high - y) * scaleY];
  }

  toData(x, y) {
    const { box, limits, scale } = this;
    return [limits.left + (x - box.x) / scale[0], limits.high - (y - box.y) / scale[1]];
  }

  /** Move by pixels. */
  pan(right, down) {
    const [scaleX, scaleY] = this.scale;
    this.limits.left -= right / scaleX;
    this.limits.right -= right / scaleX;
    this.limits.low += down / scaleY;
    this.limits.high += down / scaleY;
  }

  /** Zoom in (factor above 1) or out around a pixel. */
  zoom(factor, pixelX, pixelY) {
    const [x, y] = this.toData(pixelX, pixelY);
    const { left, right, low, high } = this.limits;
    const wanted = (right - left) / factor / (this.all.right - this.all.left);
    // Of a period, two images beside each other show all that there is.
    if (wanted < 1e-4 || wanted > (this.periods.some(Boolean) ? 2 : 20)) return;
    this.limits = {
      left: x + (left - x) / factor,
      right: x + (right - x) / factor,
      low: y + (low - y) / factor,
      high: y + (high - y) / factor,
    };
  }

  /** The periodic images of the points that are in view. */
  get images() {
    return imagesWithin(this.limits, this.periods);
  }

  reset() {
    this.limits = { ...this.all };
  }

  /** Draw frame, marks and labels. @param {string[]} names of the two axes */
  drawAxes(target, names, ink) {
    const { box, limits } = this;
    target.strokeStyle = target.fillStyle = ink;
    target.globalAlpha = 1;
    target.lineWidth = 1;
    target.strokeRect(box.x, box.y, box.width, box.height);
    target.font = FONT;
    target.textAlign = "center";
    const [isAngleX, isAngleY] = this.periods.map((period) => period === 360);
    const [nameX, nameY] = this.periods.map((period) => (value) => {
      const images = period && Math.abs(value) > period / 2 ? Math.round(value / period) : 0;
      return written(value - images * period);
    });
    for (const value of ticks(limits.left, limits.right, box.width / 70, isAngleX)) {
      target.fillText(nameX(value), this.toScreen(value, 0)[0], box.y + box.height + 15);
    }
    target.fillText(names[0], box.x + box.width / 2, box.y + box.height + 33);
    target.textAlign = "right";
    for (const value of ticks(limits.low, limits.high, box.height / 45, isAngleY)) {
      target.fillText(nameY(value), box.x - 5, this.toScreen(0, value)[1] + 4);
    }
    target.save();
    target.translate(13, box.y + box.height / 2);
    target.rotate(-Math.PI / 2);
    target.textAlign = "center";
    target.fillText(names[1], 0, 0);
    target.restore();
  }
}

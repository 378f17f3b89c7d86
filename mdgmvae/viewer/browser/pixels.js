// The pixels of canvases on screens and on paper.

/** Pixels of the printer in a CSS pixel. */
const PRINTED = 3;

/** How many pixels of a canvas are in a CSS pixel. @param {HTMLCanvasElement} canvas */
function ratioOf(canvas) {
  return canvas.closest(".printed") ? PRINTED : window.devicePixelRatio || 1;
}

/** Make a canvas as sharp as the screen. Returns its pixels in a CSS pixel. */
export function fitted(canvas) {
  const ratio = ratioOf(canvas);
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return ratio;
}

/** Make a canvas as sharp as the screen, and clear it. Returns its context, in CSS pixels. */
export function cleared(canvas) {
  const ratio = fitted(canvas);
  const target = canvas.getContext("2d");
  target.setTransform(ratio, 0, 0, ratio, 0, 0);
  target.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return target;
}

/**
 * Copy a canvas to the one below it. Chromium prints a canvas in white where it is clear, so that
 * it would hide the one below it.
 */
export function flatten(below, above) {
  if (!above.width || !above.height) return;
  const target = below.getContext("2d");
  target.setTransform(1, 0, 0, 1, 0, 0);
  target.globalAlpha = 1;
  target.drawImage(above, 0, 0);
}

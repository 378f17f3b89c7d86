// What a pointer does on the landscape: click, pan, zoom and lasso, with mouse or fingers.

/** A pointer that moves less is a click. In pixels. */
const CLICK = 4;

/**
 * Listen to mouse, pen and fingers on an element. All positions are pixels from its corner.
 * @param {HTMLElement} element
 * @param {object} act
 * @param {() => boolean} act.isLasso whether a drag is a lasso, as it is with the shift key
 * @param {(x: number, y: number) => void} act.onClick
 * @param {(right: number, down: number) => void} act.onPan
 * @param {(factor: number, x: number, y: number) => void} act.onZoom
 * @param {() => void} act.onReset
 * @param {(pixels: number[][]) => void} act.onLassoMove the line so far
 * @param {(isMore: boolean) => void} act.onLassoEnd isMore: with the shift key
 * @param {() => void} act.onLassoCancel the line became a click or a zoom, or was interrupted
 */
export function listenToPointer(element, act) {
  const fingers = new Map();
  let drag = null;
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const cancelLasso = () => {
    if (drag?.isLasso) act.onLassoCancel();
  };
  element.addEventListener("pointerdown", (event) => {
    cancelLasso();
    fingers.set(event.pointerId, at(event));
    element.setPointerCapture(event.pointerId);
    const isMore = event.shiftKey;
    const isLasso = act.isLasso() || isMore;
    // A second finger makes the gesture a zoom, which is no click when it ends.
    drag = { line: [at(event)], moved: fingers.size > 1 ? Infinity : 0, isLasso, isMore };
  });
  element.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last || !drag) return;
    const now = at(event);
    fingers.set(event.pointerId, now);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
      act.onZoom(apart(now) / apart(last), ...other);
      return;
    }
    const [right, down] = [now[0] - last[0], now[1] - last[1]];
    drag.moved += Math.hypot(right, down);
    if (drag.isLasso) {
      drag.line.push(now);
      act.onLassoMove(drag.line);
    } else if (drag.moved > CLICK) {
      act.onPan(right, down);
    }
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    if (!drag || fingers.size) return;
    if (drag.isLasso && drag.moved > CLICK && drag.line.length > 2) act.onLassoEnd(drag.isMore);
    else cancelLasso();
    if (drag.moved <= CLICK) act.onClick(...at(event));
    drag = null;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    cancelLasso();
    drag = null;
  });
  element.addEventListener(
    "wheel",
    (event) => {
      // It scrolls the page until the landscape has been clicked.
      if (element.getRootNode().activeElement !== element) return;
      event.preventDefault();
      act.onZoom(Math.exp(-0.0015 * event.deltaY), ...at(event));
    },
    { passive: false },
  );
  element.addEventListener("dblclick", act.onReset);
}

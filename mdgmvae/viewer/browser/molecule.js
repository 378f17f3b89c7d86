// A molecule on a canvas, which can be turned.

import { Mesh } from "./mesh.js";
import { paint } from "./painter.js";
import { fitted } from "./pixels.js";
import { Renderer } from "./renderer.js";
import { addRibbon, detailFor } from "./ribbon.js";
import { addSticks } from "./sticks.js";
import { channels, IDENTITY, pointOf, turned } from "./vectors.js";

/**
 * @typedef {object} Topology  what is drawn, from mdgmvae.viewer.molecule.Molecule.topology()
 * @property {number} n_atoms
 * @property {{atoms: number[], reach: number}[]} chains  ribbons; reach: longest step, in angstrom
 * @property {number[]} sticks  atoms drawn as balls and sticks
 * @property {string[]} elements  of these atoms
 * @property {number[][]} bonds
 * @property {number} longest  bonds that have become longer are not drawn, in angstrom
 */
/**
 * @typedef {object} Structure
 * @property {Float32Array} xyz  positions of all atoms in angstrom
 * @property {string} color  "#RRGGBB"
 * @property {?string} structure  H, E or C for each residue of all chains; null: from the positions
 */

const MARGIN = 1.5; // angstrom around the atoms
const ZOOM_LIMITS = [0.2, 20];
const ARROW_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** One or several superposed structures of a molecule on a canvas. */
export class Molecule {
  /**
   * @param {HTMLCanvasElement} canvas its size is that of its element on the page
   * @param {Topology} topology
   * @param {{background?: string, webgl?: boolean}} options
   *   background: "#RRGGBB" or "transparent"; webgl: false draws without WebGL
   */
  constructor(canvas, topology, { background = "#FFFFFF", webgl = true } = {}) {
    this.canvas = canvas;
    this.topology = topology;
    this.background = background;
    this.webgl = webgl;
    this.target = canvas.getContext("2d");
    this.mesh = new Mesh();
    this.buffers = null;
    this.view = { rotation: [...IDENTITY], center: null, radius: 0, zoom: 1 };
    this.listening = new AbortController();
    this.listen();
  }

  /** Draw one or several superposed structures. @param {Structure[]} structures */
  show(structures) {
    this.mesh.clear();
    const { chains } = this.topology;
    const residues = chains.reduce((count, { atoms }) => count + atoms.length, 0);
    const detail = detailFor(residues * structures.length);
    for (const { xyz, color, structure } of structures) {
      const paintOf = channels(color);
      let residue = 0;
      for (const chain of chains) {
        const end = residue + chain.atoms.length;
        const letters = structure ? structure.slice(residue, end) : null;
        addRibbon(this.mesh, xyz, chain, letters, paintOf, detail);
        residue = end;
      }
      addSticks(this.mesh, xyz, this.topology, paintOf);
      this.frame(xyz);
    }
    this.stale = true;
    this.draw();
  }

  /** Make the view large enough for a structure. It stays where it is, so that nothing jumps. */
  frame(xyz) {
    const n = xyz.length / 3;
    if (!this.view.center) {
      const center = [0, 0, 0];
      for (let i = 0; i < 3 * n; i++) center[i % 3] += xyz[i] / n;
      this.view.center = center;
    }
    for (let i = 0; i < n; i++) {
      const away = Math.hypot(...pointOf(xyz, i).map((v, k) => v - this.view.center[k])) + MARGIN;
      this.view.radius = Math.max(this.view.radius, away);
    }
  }

  /** Draw again, in the present size of the canvas. */
  draw() {
    const { canvas, target, view } = this;
    fitted(canvas);
    const { width, height } = canvas;
    if (!width || !height) return; // It is not on the page yet, or hidden.
    target.clearRect(0, 0, width, height);
    const clear = this.background === "transparent";
    if (!clear) {
      target.fillStyle = this.background;
      target.fillRect(0, 0, width, height);
    }
    if (!view.center) return;
    const renderer = this.webgl ? Renderer.shared() : null;
    if (!renderer) {
      paint(target, this.mesh, view, clear ? [255, 255, 255] : channels(this.background));
      return;
    }
    if (this.stale || this.buffers?.generation !== renderer.generation) {
      this.buffers = renderer.upload(this.mesh, this.buffers);
      this.stale = false;
    }
    renderer.draw(target, this.buffers, view);
  }

  /** Turn by angles in radians. @param {number} right @param {number} down */
  turn(right, down) {
    this.view.rotation = turned(this.view.rotation, right, down);
    this.draw();
  }

  /** Zoom in (above 1) or out. @param {number} factor */
  zoom(factor) {
    const [least, most] = ZOOM_LIMITS;
    this.view.zoom = Math.min(Math.max(this.view.zoom * factor, least), most);
    this.draw();
  }

  /** Go back to the first view. */
  reset() {
    Object.assign(this.view, { rotation: [...IDENTITY], zoom: 1 });
    this.draw();
  }

  /** Stop listening and give memory of the graphics card back. */
  destroy() {
    this.listening.abort();
    Renderer.shared()?.release(this.buffers);
    this.buffers = null;
  }

  /** Drag or touch to turn, two fingers or the wheel to zoom, double click to reset, arrow keys. */
  listen() {
    const { canvas } = this;
    const on = (name, act) =>
      canvas.addEventListener(name, act, { passive: false, signal: this.listening.signal });
    const fingers = new Map();
    // A finger that moves up or down scrolls the page, not the molecule.
    canvas.style.touchAction = "pan-y";
    if (canvas.tabIndex < 0) canvas.tabIndex = 0;
    on("pointerdown", (event) => {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      canvas.setPointerCapture?.(event.pointerId);
    });
    on("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const now = [event.clientX, event.clientY];
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      fingers.set(event.pointerId, now);
      if (other) {
        const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
        this.zoom(apart(now) / apart(last));
      } else {
        this.turn(0.01 * (now[0] - last[0]), 0.01 * (now[1] - last[1]));
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      on(name, (event) => fingers.delete(event.pointerId));
    }
    on("wheel", (event) => {
      // The wheel scrolls the page until the molecule has been clicked.
      if (canvas.getRootNode().activeElement !== canvas) return;
      event.preventDefault();
      this.zoom(Math.exp(-0.001 * event.deltaY));
    });
    on("dblclick", () => this.reset());
    on("keydown", (event) => {
      const direction = ARROW_KEYS[event.key];
      if (!direction || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.turn(0.15 * direction[0], 0.15 * direction[1]);
    });
  }
}

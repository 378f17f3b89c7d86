// The explorer: landscape, molecule and timeline, which always show the same frame.

import { makeElements } from "./elements.js";
import { nearestIn, nextIn, lowerBound, showableRows, transitions } from "./frames.js";
import { Landscape } from "./landscape.js";
import { Molecule } from "./molecule.js";
import { FrameNumbers } from "./numbers.js";
import { flatten } from "./pixels.js";
import { written } from "./plane.js";
import { Playback } from "./playback.js";
import { isDark, themeOf, watchTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { playedText, whereText } from "./words.js";

/**
 * @typedef {object} Data
 * @property {Float32Array} points  x0 y0 x1 y1 ... of all rows
 * @property {Int16Array} labels  state of each row, -1 for none
 * @property {Int32Array} frames  frame number of each row
 * @property {number[]} starts  first row of each file
 * @property {{name: string, first: number}[]} files  with the number of the first frame of each,
 *   beside `starts`
 * @property {?Int32Array} stored  rows with a structure, sorted; null for all
 * @property {?number} total  number of points of which these are a part
 * @property {string[]} names @property {string[]} colors  of the states
 * @property {string[]} axes  labels of the two axes
 * @property {?number[]} periods  of the two axes, null for an axis that is not periodic
 * @property {boolean} hasEnergy  whether a free energy of the two coordinates means something
 * @property {object} topology  of the molecule
 * @property {?string} note
 */
/**
 * @typedef {object} Source
 * @property {(row: number) => Promise<?Structure>} load
 * @property {(rows: Int32Array) => void} onChoose
 */

/**
 * @typedef {{xyz: Float32Array, structure: ?string, time: ?number}} Structure  time: in ps; null or
 *   NaN if it is unknown
 */

/** The explorer within an element of a page. */
export class Explorer {
  /** @param {HTMLElement} parent @param {Data} data @param {Source} source @param {object} options */
  constructor(parent, data, source, options = {}) {
    Object.assign(this, { data, source });
    this.row = -1;
    this.structure = null;
    this.chosen = null;
    this.asked = 0;
    this.isPrinted = false;
    this.visible = data.colors.map(() => true);
    this.transitions = transitions(data.labels, data.starts);
    const made = (this.elements = makeElements(data));
    parent.append(made.root);
    const theme = themeOf(false, data.colors);
    this.molecule = new Molecule(made.moleculeCanvas, data.topology, options);
    this.landscape = new Landscape(made.pointsCanvas, made.markerCanvas, data, theme, {
      onPick: (row) => this.select(row),
      onLasso: (rows) => this.choose(rows),
    });
    if (this.landscape.contours.length) made.note.prepend("Lines: free energy, 1 kT apart. ");
    this.numbers = new FrameNumbers(made.root, data);
    this.timeline = new Timeline(made.stripCanvas, made.timeCanvas, data, theme, (row) =>
      this.seek(row),
    );
    this.playback = new Playback(
      () => this.playable,
      () => Math.max(0, lowerBound(this.playable, this.row)),
      (row) => this.select(row, { isPlaying: true }),
      (isPlaying) => {
        made.play.textContent = isPlaying ? "\u275A\u275A Pause" : "\u25B6 Play";
        made.caption.setAttribute("aria-live", isPlaying ? "off" : "polite");
      },
    );
    this.listen();
    this.useTheme(isDark());
    this.endWatching = watchTheme((dark) => {
      this.useTheme(dark);
      this.draw();
    });
    this.showStates();
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(made.root);
    for (const canvas of [made.markerCanvas, made.moleculeCanvas]) this.resizing.observe(canvas);
  }

  /** Show a row: molecule, marker and caption. */
  async select(row, { isPlaying = false } = {}) {
    if (!isPlaying) this.playback.stop();
    this.row = row;
    this.landscape.setRow(row);
    this.timeline.setRow(row);
    const asked = ++this.asked;
    const structure = await this.source.load(row);
    if (!structure || asked !== this.asked) return; // Another frame has been asked for since.
    this.structure = { ...structure, state: this.data.labels[row] };
    this.showStructure();
    const name = this.data.names[this.structure.state];
    this.elements.frame.textContent = `frame ${written(this.data.frames[row])}: ${name}`;
    this.elements.where.textContent = whereText(this.data, row, structure.time ?? NaN);
  }

  showStructure() {
    const color = this.theme.colors[this.structure.state];
    this.molecule.show([{ ...this.structure, color }]);
  }

  /** Use light or dark colours from now on. @param {boolean} dark */
  useTheme(dark) {
    const theme = (this.theme = themeOf(dark, this.data.colors));
    this.elements.root.classList.toggle("dark", dark);
    this.elements.states.forEach((button, state) => {
      button.querySelector(".swatch").style.background = theme.colors[state];
    });
    this.landscape.theme = this.timeline.theme = theme;
    this.molecule.background = theme.paper;
    if (this.structure) this.showStructure();
  }

  /** Use light colours and the width of paper while the page is printed. */
  print(isPrinted) {
    this.isPrinted = isPrinted;
    this.elements.root.classList.toggle("printed", isPrinted);
    this.useTheme(!isPrinted && isDark());
    this.draw();
  }

  /** Go to the row nearest in time that can be shown. */
  seek(row) {
    const nearest = nearestIn(this.showable, row);
    if (nearest >= 0 && nearest !== this.row) this.select(nearest);
  }

  /** Go a number of rows that can be shown forward or back. */
  step(count) {
    const place = lowerBound(this.playable, this.row) + count;
    const row = this.playable[Math.min(Math.max(place, 0), this.playable.length - 1)];
    if (row !== undefined && row !== this.row) this.select(row);
  }

  /** Go to the next (1) or previous (-1) transition between states that are shown. */
  jump(direction) {
    let at = this.row;
    for (;;) {
      at = nextIn(this.transitions, at, direction);
      if (at < 0) return;
      const nearest = nearestIn(this.showable, at);
      const isBeyond = direction > 0 ? nearest > this.row : nearest < this.row;
      if (isBeyond && this.visible[this.data.labels[at]]) {
        this.select(nearest);
        return;
      }
    }
  }

  /** Choose rows; none for no choice. Playing goes through them only. */
  choose(rows, { isQuiet = false } = {}) {
    this.chosen = rows.length ? rows : null;
    const { clear } = this.elements;
    clear.hidden = !this.chosen;
    clear.textContent = `${written(rows.length)} frames chosen \u2715`;
    if (isQuiet) this.landscape.outlines = []; // They were drawn around other frames.
    this.landscape.setChosen(this.chosen);
    this.updatePlayable();
    if (!isQuiet) this.source.onChoose(rows);
  }

  /** Draw what the legend has switched on. */
  showStates() {
    this.elements.states.forEach((button, state) => {
      button.setAttribute("aria-pressed", String(this.visible[state]));
    });
    this.showable = showableRows(this.data.labels, this.visible, this.data.stored);
    this.landscape.setVisible(this.visible, this.showable);
    this.timeline.setVisible(this.visible);
    this.updatePlayable();
  }

  updatePlayable() {
    const { labels, stored } = this.data;
    this.playable = this.showable;
    const kinds = this.visible.every(Boolean) ? [] : ["of the states shown"];
    if (!kinds.length && labels.some((label) => label < 0)) kinds.push("with a state");
    if (stored && stored.length < labels.length) kinds.push("stored in this page");
    let before = "";
    if (this.chosen) {
      const isChosen = new Uint8Array(labels.length);
      for (const row of this.chosen) isChosen[row] = 1;
      const both = this.showable.filter((row) => isChosen[row]);
      if (both.length) {
        this.playable = both;
        kinds.unshift("chosen");
      } else {
        before = "None of the chosen frames can be shown. ";
      }
    }
    this.elements.played.textContent = before + playedText(this.playable.length, labels.length, kinds);
    this.playback.restart();
  }

  /** Draw everything, in the present size. */
  draw() {
    this.landscape.draw();
    this.timeline.draw();
    this.molecule.draw();
    if (!this.isPrinted) return;
    const { pointsCanvas, markerCanvas, stripCanvas, timeCanvas } = this.elements;
    flatten(pointsCanvas, markerCanvas);
    flatten(stripCanvas, timeCanvas);
  }

  /** Show the numbers of the chosen frames, or else of all frames of the states that are shown. */
  showNumbers() {
    if (this.chosen) {
      this.numbers.open(this.chosen, "frames chosen");
    } else {
      const shown = showableRows(this.data.labels, this.visible, null);
      this.numbers.open(shown, "frames of the states shown; none are chosen");
    }
  }

  toggleLasso() {
    this.landscape.lassoing = !this.landscape.lassoing;
    this.elements.lasso.setAttribute("aria-pressed", String(this.landscape.lassoing));
  }

  resetView() {
    this.landscape.plane.reset();
    this.molecule.reset();
    this.landscape.draw();
  }

  listen() {
    const { elements } = this;
    const { signal } = (this.listening = new AbortController());
    addEventListener("beforeprint", () => this.print(true), { signal });
    addEventListener("afterprint", () => this.print(false), { signal });
    elements.states.forEach((button, state) => {
      button.addEventListener("click", () => {
        this.visible[state] = !this.visible[state];
        this.showStates();
      });
    });
    const actions = {
      play: () => this.playback.toggle(),
      before: () => this.jump(-1),
      after: () => this.jump(1),
      lasso: () => this.toggleLasso(),
      clear: () => this.choose(new Int32Array()),
      numbers: () => this.showNumbers(),
      home: () => this.resetView(),
    };
    for (const [name, act] of Object.entries(actions)) elements[name].addEventListener("click", act);
    elements.speed.addEventListener("change", () => {
      this.playback.speed = Number(elements.speed.value);
      this.playback.restart();
    });
    const page = Math.max(1, Math.round(this.data.labels.length / 50));
    const keys = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      PageUp: () => this.seek(Math.max(this.row - page, 0)),
      PageDown: () => this.seek(Math.min(this.row + page, this.data.labels.length - 1)),
      Home: () => this.seek(0),
      End: () => this.seek(this.data.labels.length - 1),
      " ": actions.play,
      n: actions.after,
      p: actions.before,
      l: actions.lasso,
      c: actions.numbers,
      0: actions.home,
      Escape: actions.clear,
    };
    elements.root.addEventListener("keydown", (event) => {
      const isOwn = ["BUTTON", "SELECT"].includes(event.target.tagName) && event.key === " ";
      const isSelect = event.target.tagName === "SELECT";
      const act = keys[event.key];
      if (!act || isOwn || isSelect || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation(); // A notebook has keys of its own.
      act();
    });
  }

  /** Remove the explorer from the page. */
  destroy() {
    this.playback.stop();
    this.resizing.disconnect();
    this.endWatching();
    this.listening.abort();
    this.molecule.destroy();
    this.elements.root.remove();
  }
}

// The structures in the cards of a report, which turn while they are on the screen.

import { Molecule } from "./molecule.js";
import { isDark, themeOf, watchTheme } from "./theme.js";
import { unpackStructures } from "./unpack.js";
import { mixed } from "./vectors.js";

const STEP = 0.012; // radians for each frame of the screen
const PALE = 0.6; // share of the paper in the colour of further structures

/** Turn molecules while they are on the screen, until the reader takes over. */
function turnVisible(molecules) {
  const visible = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) visible.add(target);
      else visible.delete(target);
    }
  });
  for (const canvas of molecules.keys()) {
    observer.observe(canvas);
    for (const event of ["pointerdown", "keydown", "wheel"]) {
      canvas.addEventListener(event, () => {
        observer.unobserve(canvas);
        visible.delete(canvas);
      });
    }
  }
  const turn = () => {
    for (const canvas of visible) {
      molecules.get(canvas).turn(STEP, 0);
      molecules.get(canvas).draw();
    }
    requestAnimationFrame(turn);
  };
  turn();
}

/**
 * Draw the structures of all cards.
 * @param {object} data from mdgmvae.report: the topology, the packed structures of all states,
 *   and the colour and the number of structures of each state
 */
export async function drawCards(data) {
  const structures = await unpackStructures(data);
  const canvases = document.querySelectorAll(".card canvas");
  const molecules = new Map();
  for (const canvas of canvases) molecules.set(canvas, new Molecule(canvas, data.topology));
  const show = (dark) => {
    const { paper, colors } = themeOf(dark, data.states.map(({ color }) => color));
    let first = 0;
    data.states.forEach(({ n }, card) => {
      const color = colors[card];
      const shown = structures.slice(first, first + n).map((structure, i) => ({
        ...structure,
        color: i ? mixed(color, paper, PALE) : color,
      }));
      first += n;
      const molecule = molecules.get(canvases[card]);
      molecule.background = paper;
      molecule.show(shown);
    });
  };
  show(isDark());
  watchTheme(show);
  addEventListener("beforeprint", () => show(false));
  addEventListener("afterprint", () => show(isDark()));
  addEventListener("resize", () => molecules.forEach((molecule) => molecule.draw()));
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) turnVisible(molecules);
}

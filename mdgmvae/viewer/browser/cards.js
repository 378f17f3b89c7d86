// The structures in the cards of a report, which turn while they are on the screen.

import { Molecule } from "./molecule.js";
import { unpackStructures } from "./unpack.js";
import { mixed } from "./vectors.js";

const STEP = 0.012; // radians for each frame of the screen
const PALE = 0.6; // share of white in the colour of further structures

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
  let first = 0;
  data.states.forEach(({ color, n }, card) => {
    const shown = structures.slice(first, first + n).map((structure, i) => ({
      ...structure,
      color: i ? mixed(color, "#ffffff", PALE) : color,
    }));
    first += n;
    const molecule = new Molecule(canvases[card], data.topology);
    molecule.show(shown);
    molecules.set(canvases[card], molecule);
  });
  addEventListener("resize", () => molecules.forEach((molecule) => molecule.draw()));
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) turnVisible(molecules);
}

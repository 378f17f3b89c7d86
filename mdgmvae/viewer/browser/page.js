// Opens the explorer on a saved page, whose data are in an element of the page.

import { Explorer } from "./explorer.js";
import { unpack, unpackStructures } from "./unpack.js";

/**
 * Unpack the data of a page and open the explorer.
 * @param {HTMLElement} parent
 * @param {object} packed as mdgmvae.viewer.page writes it
 * @returns {Promise<Explorer>}
 */
export async function openPage(parent, packed) {
  const [steps, labels, frames, stored, structures] = await Promise.all([
    unpack(packed.points, "uint16"),
    unpack(packed.labels, "int16"),
    unpack(packed.frames, "int32"),
    unpack(packed.stored, "int32"),
    unpackStructures(packed.structures),
  ]);
  const { low, step } = packed;
  const points = Float32Array.from(steps, (value, k) => low[k % 2] + value * step[k % 2]);
  for (let row = 1; row < frames.length; row++) frames[row] += frames[row - 1];
  const placeOf = new Map();
  stored.forEach((row, place) => placeOf.set(row, place));
  const data = { ...packed, points, labels, frames, stored };
  const explorer = new Explorer(parent, data, {
    load: async (row) => structures[placeOf.get(row)],
    onChoose: () => {},
  });
  await explorer.select(stored[0]);
  return explorer;
}

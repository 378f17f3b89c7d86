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
  const [steps, labels, frames, stored, times, structures] = await Promise.all([
    unpack(packed.points, "uint16"),
    unpack(packed.labels, "int16"),
    unpack(packed.frames, "int32"),
    unpack(packed.stored, "int32"),
    unpack(packed.times, "float32"),
    unpackStructures(packed.structures),
  ]);
  const { low, step } = packed;
  const points = new Float32Array(steps.length);
  for (let k = 0; k < points.length; k++) points[k] = low[k % 2] + steps[k] * step[k % 2];
  for (let row = 1; row < frames.length; row++) frames[row] += frames[row - 1];
  const placeOf = new Map(Array.from(stored, (row, place) => [row, place]));
  const data = { ...packed, points, labels, frames, stored };
  const explorer = new Explorer(parent, data, {
    load: async (row) => ({ ...structures[placeOf.get(row)], time: times[placeOf.get(row)] }),
    onChoose: () => {},
  });
  await explorer.select(stored[0]);
  return explorer;
}

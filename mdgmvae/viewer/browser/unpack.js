// Arrays that Python has packed into text (mdgmvae.viewer.packing).

const TYPES = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
};
/** Packed coordinates are whole numbers of this part of an angstrom. */
const STEP = 0.01;

/**
 * Unpack an array: base64 of a gzip file of little-endian numbers.
 * @param {string} text
 * @param {string} type as numpy calls it: "int16", "float32", ...
 * @returns {Promise<TypedArray>}
 */
export async function unpack(text, type) {
  const letters = atob(text);
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) packed[i] = letters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new TYPES[type](await new Response(stream).arrayBuffer());
}

/**
 * Unpack structures (mdgmvae.viewer.molecule.Snapshots.to_json()).
 * @param {{n: number, xyz: string, structure: ?string}} packed
 * @returns {Promise<{xyz: Float32Array, structure: ?string}[]>} one entry a frame
 */
export async function unpackStructures(packed) {
  const letters = packed.structure ? await unpack(packed.structure, "uint8") : null;
  return structuresFrom(await unpack(packed.xyz, "int16"), letters, packed.n);
}

/**
 * Divide the numbers of several structures.
 * @param {Int16Array} steps positions of all frames
 * @param {?Uint8Array} letters codes of H, E and C of all frames
 * @param {number} n frames
 * @returns {{xyz: Float32Array, structure: ?string}[]}
 */
export function structuresFrom(steps, letters, n) {
  const [nSteps, nLetters] = [steps.length / n, (letters?.length ?? 0) / n];
  const xyz = new Float32Array(steps.length);
  for (let i = 0; i < xyz.length; i++) xyz[i] = steps[i] * STEP;
  return Array.from({ length: n }, (_, i) => ({
    xyz: xyz.subarray(i * nSteps, (i + 1) * nSteps),
    structure: letters
      ? String.fromCharCode(...letters.subarray(i * nLetters, (i + 1) * nLetters))
      : null,
  }));
}

// What the explorer says about frames. No drawing here.

import { upperBound } from "./frames.js";
import { written } from "./plane.js";

/** From so many ps on, a time is given in ns. */
const LONG = 10000;
/** Files hold times with so many digits. */
const DIGITS = 7;

/** A time with its unit. @param {number} time in ps @returns {string} */
export function timeText(time) {
  const [value, unit] = Math.abs(time) < LONG ? [time, "ps"] : [time / 1000, "ns"];
  return `${written(Number(value.toPrecision(DIGITS)))} ${unit}`;
}

/**
 * The file of a row.
 * @param {object} data starts, frames, files
 * @param {number} row
 * @returns {{name: string, frame: number}} name: "" for frames in memory; frame: number in the file
 */
export function placeOf({ starts, frames, files }, row) {
  const { name, first } = files[upperBound(starts, row) - 1];
  return { name, frame: frames[row] - first };
}

/** Where a row is: its time if it is known, its file, and its number there if there are several. */
export function whereText(data, row, time) {
  const { name, frame } = placeOf(data, row);
  const inFile = data.files.length > 1 || frame !== data.frames[row];
  const parts = Number.isFinite(time) ? [`time ${timeText(time)}`] : [];
  if (name) parts.push(inFile ? `${name}, its frame ${written(frame)}` : name);
  return parts.join(", ");
}

/**
 * What Play goes through.
 * @param {number} count of the frames that are played
 * @param {number} total
 * @param {string[]} kinds why not all of them, as "chosen"
 * @returns {string}
 */
export function playedText(count, total, kinds) {
  if (count === total) return `Play shows all ${written(total)} frames.`;
  const [last, ...rest] = [...kinds].reverse();
  const those = rest.length ? `${rest.reverse().join(", ")} and ${last}` : last;
  return `Play shows ${written(count)} of ${written(total)} frames: those ${those}.`;
}

/**
 * The numbers of some rows in all files, and if there are several, in each of them.
 * @param {object} data starts, frames, files
 * @param {ArrayLike<number>} rows sorted
 * @returns {{name: string, numbers: number[]}[]} the first is of all files
 */
export function numberLists(data, rows) {
  const all = { name: "", numbers: Array.from(rows, (row) => data.frames[row]) };
  // A single file that others came before has numbers of its own, too.
  if (data.files.length < 2 && data.files[0].first === 0) return [all];
  const lists = data.files.map(({ name }, k) => ({
    name: name || `trajectory ${k + 1}`,
    numbers: [],
  }));
  for (const row of rows) {
    lists[upperBound(data.starts, row) - 1].numbers.push(placeOf(data, row).frame);
  }
  return [all, ...lists];
}

// The elements of the explorer. Text is always set as text, never as HTML.

import { written } from "./plane.js";
import { STYLE } from "./style.js";

const SPEEDS = [5, 15, 30, 60, 150, 600];

/** Make an element. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A canvas; with a label, one that can have the focus. */
function canvas(className, label) {
  const named = { role: "application", "aria-label": label, tabindex: 0 };
  return element("canvas", { class: className, ...(label ? named : { "aria-hidden": "true" }) });
}

/**
 * Make the elements.
 * @param {object} data names, colors, labels, axes, note
 * @returns {object} the elements by name; `root` holds them all
 */
export function makeElements(data) {
  const counts = new Uint32Array(data.names.length);
  let labelled = 0;
  for (const label of data.labels) {
    if (label < 0) continue;
    counts[label]++;
    labelled++;
  }
  const made = {
    states: data.names.map((name, state) => legendButton(name, counts[state], labelled)),
    pointsCanvas: canvas("below"),
    markerCanvas: canvas("above", `landscape of ${data.axes.join(" and ")}; click a point to show its frame`),
    moleculeCanvas: canvas("", "molecule; drag or use the arrow keys to turn it"),
    frame: element("div", {}),
    where: element("div", { class: "where" }),
    stripCanvas: canvas("below"),
    timeCanvas: canvas("above", "state against time"),
    play: element("button", { title: "Play the frames (space)" }, "\u25B6 Play"),
    before: element("button", { title: "Go to the previous transition (p)", "aria-label": "Previous transition" }, "\u25C0 Transition"),
    after: element("button", { title: "Go to the next transition (n)", "aria-label": "Next transition" }, "Transition \u25B6"),
    speed: element("select", { title: "Frames a second", "aria-label": "frames a second" }),
    lasso: element(
      "button",
      {
        title:
          "Draw around frames on the landscape to choose them (l). With the shift key, a drag adds " +
          "frames to those that are chosen.",
      },
      "Lasso",
    ),
    clear: element("button", { title: "Choose no frames (escape)", hidden: "" }),
    numbers: element(
      "button",
      {
        title:
          "Copy the numbers of the chosen frames, or save them as a file (c). With none chosen, they " +
          "are those of the states that are shown.",
      },
      "Frame numbers \u2026",
    ),
    home: element("button", { title: "Show the whole landscape (0, or double click)" }, "Reset view"),
    played: element("span", { class: "note" }),
    note: element("span", { class: "note" }, data.note ?? ""),
  };
  for (const speed of SPEEDS) {
    made.speed.append(element("option", { value: speed }, `${speed} frames/s`));
  }
  made.speed.value = "15";
  made.lasso.setAttribute("aria-pressed", "false");
  const { play, before, after, lasso, clear, numbers, home } = made;
  for (const button of [play, before, after, lasso, clear, numbers, home]) button.type = "button";
  made.caption = element("div", { class: "caption", role: "status" }, made.frame, made.where);
  made.root = element(
    "div",
    { class: "mdgmvae" },
    element("style", {}, STYLE),
    element(
      "div",
      { class: "all" },
      element("div", { class: "legend", role: "group", "aria-label": "States" }, ...made.states),
      element("div", { class: "map" }, made.pointsCanvas, made.markerCanvas),
      element("div", { class: "molecule" }, made.moleculeCanvas, made.caption),
      element(
        "div",
        { class: "bar" },
        ...[play, made.speed, before, after, lasso, clear, numbers, home],
        ...[made.played, made.note],
      ),
      element("div", { class: "time" }, made.stripCanvas, made.timeCanvas),
    ),
  );
  return made;
}

function legendButton(name, count, labelled) {
  const swatch = element("span", { class: "swatch" });
  const share = `${((100 * count) / Math.max(labelled, 1)).toFixed(1)} %`;
  const button = element("button", { "aria-pressed": "true" }, swatch, `${name} (${share})`);
  button.type = "button";
  button.title = `${written(count)} frames; click to hide or show them`;
  return button;
}

// The explorer as a widget of a notebook. Python answers with the structures of frames.

import { Explorer } from "./explorer.js";
import { structuresFrom } from "./unpack.js";

/** The numbers in a buffer of a message, which may be a part of a larger one. */
function numbers(view, Type) {
  return new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** Resolves when the data have arrived: some notebooks render first. */
function arrived(model) {
  const isThere = () => (model.get("points")?.byteLength ?? 0) > 0;
  return new Promise((resolve) => {
    const check = () => {
      if (!isThere()) return;
      model.off("change:points", check);
      resolve();
    };
    model.on("change:points", check);
    check();
  });
}

/**
 * Draw a view of the widget (anywidget calls this).
 * @returns {Promise<() => void>} what to do when the view is removed
 */
export async function render({ model, el }) {
  await arrived(model);
  const parent = document.createElement("div");
  parent.style.height = `${model.get("height")}px`;
  el.append(parent);
  const data = {
    ...model.get("content"),
    points: numbers(model.get("points"), Float32Array),
    labels: numbers(model.get("labels"), Int16Array),
    frames: numbers(model.get("frames"), Int32Array),
    stored: null,
  };
  const view = Math.random().toString(36).slice(2); // Answers go to all views of the widget.
  const waiting = new Map();
  const explorer = new Explorer(parent, data, {
    load: (row) =>
      new Promise((resolve) => {
        for (const forget of waiting.values()) forget(null); // Only the last one is shown.
        waiting.clear();
        waiting.set(row, resolve);
        model.send({ kind: "load", view, row });
      }),
    onChoose: (rows) => model.send({ kind: "choose" }, undefined, [rows.slice().buffer]),
  });
  const listener = (message, buffers) => {
    if (message.kind === "select") {
      if (message.row !== explorer.row) explorer.select(message.row);
    } else if (message.kind === "choose") {
      explorer.choose(numbers(buffers[0], Int32Array), { isQuiet: true });
    } else if (message.kind === "structure" && message.view === view) {
      const letters = message.hasStructure ? numbers(buffers[1], Uint8Array) : null;
      const [structure] = structuresFrom(numbers(buffers[0], Int16Array), letters, 1);
      waiting.get(message.row)?.({ ...structure, time: message.time });
      waiting.delete(message.row);
    } else if (message.kind === "error") {
      explorer.elements.frame.textContent = message.text;
      explorer.elements.where.textContent = "";
    }
  };
  model.on("msg:custom", listener);
  explorer.select(model.get("row"));
  return () => {
    model.off("msg:custom", listener);
    explorer.destroy();
  };
}

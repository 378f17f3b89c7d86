// The numbers of frames, to copy them or to save them as a file.

import { element } from "./elements.js";
import { written } from "./plane.js";
import { numberLists } from "./words.js";

/** A dialog with the numbers. Text is always set as text, never as HTML. */
export class FrameNumbers {
  /** @param {HTMLElement} parent @param {object} data starts, frames, files, labels, total */
  constructor(parent, data) {
    this.data = data;
    this.heading = element("h2", {});
    this.which = element("select", { "aria-label": "Files" });
    this.text = element("textarea", { readonly: "", rows: 8, "aria-label": "Frame numbers" });
    this.copy = element("button", { type: "button" }, "Copy");
    this.save = element("button", { type: "button" }, "Save as frames.txt");
    this.close = element("button", { type: "button" }, "Close");
    this.said = element("p", { role: "status" });
    const missing = (data.total ?? 0) - data.labels.length;
    const warning = `${written(missing)} points are not in this page, so their frames are missing here.`;
    this.dialog = element(
      "dialog",
      { "aria-label": "Numbers of frames" },
      this.heading,
      this.which,
      this.text,
      element("div", { class: "buttons" }, this.copy, this.save, this.close),
      this.said,
      ...(missing > 0 ? [element("p", {}, warning)] : []),
    );
    parent.append(this.dialog);
    this.which.addEventListener("change", () => this.write());
    this.copy.addEventListener("click", () => this.toClipboard());
    this.save.addEventListener("click", () => this.toFile());
    this.close.addEventListener("click", () => this.dialog.close());
    // The keys of the explorer and of a notebook are not meant here.
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** Show the numbers of some rows. @param {ArrayLike<number>} rows sorted @param {string} what */
  open(rows, what) {
    this.lists = numberLists(this.data, rows);
    this.heading.textContent = `${written(rows.length)} ${what}`;
    this.which.hidden = this.lists.length < 2;
    this.which.replaceChildren(
      ...this.lists.map(({ name, numbers }, k) =>
        element("option", { value: k }, `${name || "All files"} (${written(numbers.length)})`),
      ),
    );
    this.write();
    this.dialog.showModal();
    this.copy.focus();
  }

  get list() {
    return this.lists[this.which.selectedIndex];
  }

  get counted() {
    const { name } = this.list;
    const inFiles = this.lists.length > 1 ? "from 0 over all files in their order" : "from 0";
    return `Numbered ${name ? `from 0 in ${name}` : inFiles}`;
  }

  write() {
    this.text.value = `[${this.list.numbers.join(", ")}]`;
    this.said.textContent = `${this.counted}.`;
  }

  async toClipboard() {
    try {
      await navigator.clipboard.writeText(this.text.value);
    } catch {
      // Pages within others, as in some notebooks, have no clipboard of their own.
      this.text.select();
      if (!document.execCommand("copy")) {
        this.said.textContent = "The browser does not allow it: copy the selected text.";
        return;
      }
      this.copy.focus();
    }
    this.said.textContent = `Copied. ${this.counted}.`;
  }

  /** Save one number a line, which numpy.loadtxt reads. */
  toFile() {
    const lines = [`# ${this.counted}`, ...this.list.numbers, ""];
    const address = URL.createObjectURL(new Blob([lines.join("\n")], { type: "text/plain" }));
    element("a", { href: address, download: "frames.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    this.said.textContent = `Saved as frames.txt, one number a line. ${this.counted}.`;
  }
}

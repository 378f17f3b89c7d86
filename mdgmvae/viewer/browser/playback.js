// Plays frames at a steady speed, and leaves out frames if they arrive too slowly.

/** Goes through a list of rows. */
export class Playback {
  /**
   * @param {() => Int32Array} rows the rows to play, sorted
   * @param {() => number} current the place in `rows` to start from
   * @param {(row: number) => Promise<void>} show resolves when the row is drawn
   * @param {(isPlaying: boolean) => void} onChange
   */
  constructor(rows, current, show, onChange) {
    Object.assign(this, { rows, current, show, onChange });
    this.speed = 15; // frames a second
    this.isPlaying = false;
    this.run = 0; // number of the run, by which an earlier one knows that it is over
  }

  toggle() {
    if (this.isPlaying) this.stop();
    else this.start();
  }

  stop() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.run++;
    this.onChange(false);
  }

  async start() {
    const rows = this.rows();
    if (rows.length < 2) return;
    this.isPlaying = true;
    this.onChange(true);
    const run = ++this.run;
    let place = this.current();
    let last = performance.now();
    while (run === this.run) {
      const now = await nextPicture();
      if (run !== this.run) return;
      const steps = Math.floor(((now - last) / 1000) * this.speed);
      if (steps < 1) continue;
      // What is left of a step counts for the next one; a long wait is not made up for.
      last = Math.max(last + (1000 * steps) / this.speed, now - 1000);
      place = (place + steps) % rows.length;
      await this.show(rows[place]);
    }
  }

  /** Begin again, because the rows or the speed have changed. */
  restart() {
    if (!this.isPlaying) return;
    this.stop();
    this.start();
  }
}

function nextPicture() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

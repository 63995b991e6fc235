/** A bar that moves in a terminal, and a line now and then where output goes to a file. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #startMs = performance.now();
  #done = 0;
  #bytes = 0;
  #shownMs = performance.now();

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  /** One more item of this many bytes is through. */
  add(bytes: number): void {
    this.#done++;
    this.#bytes += bytes;
    const nowMs = performance.now();
    if (nowMs - this.#shownMs < (process.stderr.isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#shownMs = nowMs;
    process.stderr.write(process.stderr.isTTY ? `\r${this.#text()}` : `${this.#text()}\n`);
  }

  /** The last line; returns what it says. */
  end(): { items: number; bytes: number; seconds: number } {
    if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(this.#text().length)}\r`);
    const seconds = this.#seconds();
    console.log(
      `${this.#label.padEnd(LABEL_WIDTH)} ${this.#done} keys, ${megabytes(this.#bytes)} MB in ` +
        `${seconds.toFixed(1)} s: ${megabytes(this.#bytes / seconds)} MB/s`,
    );
    return { items: this.#done, bytes: this.#bytes, seconds };
  }

  #text(): string {
    const share = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = '='.repeat(filled).padEnd(BAR_WIDTH);
    const speed = megabytes(this.#bytes / this.#seconds());
    return `${this.#label.padEnd(LABEL_WIDTH)} [${bar}] ${this.#done}/${this.#total}  ${speed} MB/s`;
  }

  #seconds(): number {
    return Math.max(1, performance.now() - this.#startMs) / 1000;
  }
}

const REDRAW_MS = 100;
const LINE_MS = 5_000;
const BAR_WIDTH = 30;
const LABEL_WIDTH = 26;

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/**
 * Checked page bytes, least recently used first out, within one budget. Two classes share it: leaves
 * of the key index, which every read needs, and pages of the revision log. Log pages give way first
 * until they hold only a quarter: random reads of a large store miss in the log whatever is kept of
 * it, but find the whole index of a million keys in memory.
 */
export type PageClass = 'index' | 'log';

/** The part of the budget that log pages keep when the index would fill it all. */
const LOG_SHARE = 0.25;

/** Beside its bytes a page costs an entry in a map and an array header. */
const ENTRY_OVERHEAD_BYTES = 200;

export class PageCache {
  /** Lowering it takes effect at the next insertion. */
  budgetBytes: number;
  hits = 0;
  misses = 0;
  readonly #index = new Shelf();
  readonly #log = new Shelf();

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
  }

  get bytes(): number {
    return this.#index.bytes + this.#log.bytes;
  }

  get(pageClass: PageClass, id: number): Uint8Array | undefined {
    const page = this.#shelf(pageClass).get(id);
    if (page === undefined) this.misses++;
    else this.hits++;
    return page;
  }

  set(pageClass: PageClass, id: number, page: Uint8Array): void {
    this.#shelf(pageClass).set(id, page);
    while (this.bytes > this.budgetBytes) {
      const logKeeps = this.budgetBytes * LOG_SHARE;
      if (this.#log.bytes > logKeeps || this.#index.bytes === 0) this.#log.evict();
      else this.#index.evict();
    }
  }

  delete(pageClass: PageClass, id: number): void {
    this.#shelf(pageClass).delete(id);
  }

  clear(): void {
    this.#index.clear();
    this.#log.clear();
  }

  #shelf(pageClass: PageClass): Shelf {
    return pageClass === 'index' ? this.#index : this.#log;
  }
}

/** A map in the order of last use. */
class Shelf {
  readonly #pages = new Map<number, Uint8Array>();
  bytes = 0;

  get(id: number): Uint8Array | undefined {
    const page = this.#pages.get(id);
    if (page !== undefined) {
      this.#pages.delete(id);
      this.#pages.set(id, page);
    }
    return page;
  }

  set(id: number, page: Uint8Array): void {
    this.delete(id);
    this.#pages.set(id, page);
    this.bytes += page.length + ENTRY_OVERHEAD_BYTES;
  }

  delete(id: number): void {
    const page = this.#pages.get(id);
    if (page === undefined) return;
    this.#pages.delete(id);
    this.bytes -= page.length + ENTRY_OVERHEAD_BYTES;
  }

  /** Drops the page used longest ago. */
  evict(): void {
    for (const id of this.#pages.keys()) {
      this.delete(id);
      return;
    }
  }

  clear(): void {
    this.#pages.clear();
    this.bytes = 0;
  }
}

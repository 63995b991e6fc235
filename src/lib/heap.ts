/** A binary heap: the least element first, in the order given. Equal elements come in any order. */
export class Heap<T> {
  /** Invariant: no element is less than its parent, the element at (index - 1) >> 1. */
  readonly #items: T[] = [];
  readonly #compare: (left: T, right: T) => number;

  /** `compare`: negative, zero or positive, as for `Array.prototype.sort`. */
  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The least element, left in place. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let hole = items.length;
    items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = items[parent] as T;
      if (this.#compare(item, above) >= 0) break;
      items[hole] = above;
      hole = parent;
    }
    items[hole] = item;
  }

  /** Takes the least element out. */
  pop(): T | undefined {
    const items = this.#items;
    const least = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last as T);
    return least;
  }

  /** Puts `item` at the root and moves it down to where it belongs. */
  #sink(item: T): void {
    const items = this.#items;
    const size = items.length;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#compare(items[child + 1] as T, items[child] as T) < 0) child++;
      const below = items[child] as T;
      if (this.#compare(item, below) <= 0) break;
      items[hole] = below;
      hole = child;
    }
    items[hole] = item;
  }
}

/**
 * Key ranges by the keys they contain: an AVL tree over (start, end), each node knowing the farthest
 * end below it. Finding the m ranges around a key visits O(m log n) nodes, and O(log n + m) when they
 * are neighbours, as prefixes are. Height stays below 1.45 log2 n whatever the clients choose.
 */
import type { Key, KeyRange } from '../mvcc/types.ts';

interface Node<T extends KeyRange> {
  value: T;
  left: Node<T> | undefined;
  right: Node<T> | undefined;
  /** Farthest end in this subtree; undefined: no upper bound. */
  farthest: Key | undefined;
  /** 1 for a leaf. Invariant: the heights of both sides differ by at most 1. */
  height: number;
}

/** At most one value for each (start, end); values are not empty ranges. */
export class IntervalTree<T extends KeyRange> {
  #root: Node<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value with exactly this range. */
  get(range: KeyRange): T | undefined {
    let node = this.#root;
    while (node !== undefined) {
      const order = compareRanges(range, node.value);
      if (order === 0) return node.value;
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** Adds a value, or replaces the one with the same range. */
  set(value: T): void {
    this.#root = this.#insert(this.#root, value);
  }

  /** Removes the value with exactly this range, if there is one. */
  delete(range: KeyRange): void {
    this.#root = this.#remove(this.#root, range);
  }

  /** Appends to `found` every value whose range contains `key`, in order of (start, end). */
  containing(key: Key, found: T[]): void {
    collect(this.#root, key, found);
  }

  #insert(node: Node<T> | undefined, value: T): Node<T> {
    if (node === undefined) {
      this.#size++;
      return { value, left: undefined, right: undefined, farthest: value.end, height: 1 };
    }
    const order = compareRanges(value, node.value);
    if (order === 0) node.value = value;
    else if (order < 0) node.left = this.#insert(node.left, value);
    else node.right = this.#insert(node.right, value);
    return balanced(node);
  }

  #remove(node: Node<T> | undefined, range: KeyRange): Node<T> | undefined {
    if (node === undefined) return undefined;
    const order = compareRanges(range, node.value);
    if (order < 0) {
      node.left = this.#remove(node.left, range);
    } else if (order > 0) {
      node.right = this.#remove(node.right, range);
    } else if (node.left === undefined || node.right === undefined) {
      this.#size--;
      return node.left ?? node.right;
    } else {
      const successor = leftmost(node.right);
      node.value = successor.value;
      node.right = this.#remove(node.right, successor.value);
    }
    return balanced(node);
  }
}

/** By start, then by end; no upper bound sorts last. */
function compareRanges(left: KeyRange, right: KeyRange): number {
  if (left.start !== right.start) return left.start < right.start ? -1 : 1;
  if (left.end === right.end) return 0;
  if (left.end === undefined) return 1;
  if (right.end === undefined) return -1;
  return left.end < right.end ? -1 : 1;
}

function collect<T extends KeyRange>(node: Node<T> | undefined, key: Key, found: T[]): void {
  if (node === undefined) return;
  if (node.farthest !== undefined && node.farthest <= key) return;
  collect(node.left, key, found);
  const { start, end } = node.value;
  if (key < start) return;
  if (end === undefined || key < end) found.push(node.value);
  collect(node.right, key, found);
}

function leftmost<T extends KeyRange>(node: Node<T>): Node<T> {
  let at = node;
  while (at.left !== undefined) at = at.left;
  return at;
}

function heightOf(node: Node<KeyRange> | undefined): number {
  return node === undefined ? 0 : node.height;
}

/** The subtree with its root's height, farthest end and balance put right; its children are right. */
function balanced<T extends KeyRange>(node: Node<T>): Node<T> {
  const { left, right } = node;
  const lean = heightOf(left) - heightOf(right);
  if (lean > 1 && left !== undefined) {
    if (heightOf(left.left) < heightOf(left.right)) node.left = rotatedLeft(left);
    return rotatedRight(node);
  }
  if (lean < -1 && right !== undefined) {
    if (heightOf(right.right) < heightOf(right.left)) node.right = rotatedRight(right);
    return rotatedLeft(node);
  }
  update(node);
  return node;
}

function rotatedRight<T extends KeyRange>(node: Node<T>): Node<T> {
  const top = node.left;
  if (top === undefined) return node;
  node.left = top.right;
  top.right = node;
  update(node);
  update(top);
  return top;
}

function rotatedLeft<T extends KeyRange>(node: Node<T>): Node<T> {
  const top = node.right;
  if (top === undefined) return node;
  node.right = top.left;
  top.left = node;
  update(node);
  update(top);
  return top;
}

function update(node: Node<KeyRange>): void {
  const { left, right } = node;
  node.height = 1 + Math.max(heightOf(left), heightOf(right));
  let farthest = node.value.end;
  if (left !== undefined) farthest = fartherEnd(farthest, left.farthest);
  if (right !== undefined) farthest = fartherEnd(farthest, right.farthest);
  node.farthest = farthest;
}

function fartherEnd(left: Key | undefined, right: Key | undefined): Key | undefined {
  if (left === undefined || right === undefined) return undefined;
  return left > right ? left : right;
}

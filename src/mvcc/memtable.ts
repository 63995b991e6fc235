/**
 * Index entries of recent changes, newest first for each key, that the leaves do not hold yet. Found
 * by key through a map, in key order through a list of short sorted chunks. Chunks also carry sums, so
 * that the number of keys in a range is known without walking it.
 */
import type { IndexEntry } from './index-entry.ts';
import { isLive, livedBefore } from './index-entry.ts';
import type { Key, KeyRange } from './types.ts';

/** A split chunk leaves two halves; inserting moves half a chunk on average. */
const CHUNK_NODES_MAX = 512;

export interface MemEntry extends IndexEntry {
  older: MemEntry | undefined;
}

/** A key with recent changes. */
export interface MemNode {
  readonly key: Key;
  newest: MemEntry;
  /** Keys that live now minus keys that lived before the oldest entry here: -1, 0 or 1. */
  delta: number;
}

interface Chunk {
  /** Invariant: ascending by key, never empty. */
  readonly nodes: MemNode[];
  /** Sum over the nodes. */
  delta: number;
}

export class Memtable {
  readonly #byKey = new Map<Key, MemNode>();
  readonly #chunks: Chunk[] = [];
  /** Entries in all chains. */
  entries = 0;

  get(key: Key): MemNode | undefined {
    return this.#byKey.get(key);
  }

  /** Adds a version newer than all of its key's. */
  push(entry: MemEntry): void {
    this.entries++;
    const node = this.#byKey.get(entry.key);
    const lives = Number(isLive(entry));
    if (node === undefined) {
      const delta = lives - Number(livedBefore(entry));
      const created = { key: entry.key, newest: entry, delta };
      this.#byKey.set(entry.key, created);
      this.#insert(created);
      return;
    }
    const change = lives - Number(isLive(node.newest));
    entry.older = node.newest;
    node.newest = entry;
    this.#addDelta(node, change);
  }

  /** Takes back the newest version of `key`: an aborted transaction. */
  pop(key: Key): void {
    const node = this.#byKey.get(key);
    if (node === undefined) return;
    this.entries--;
    const { older } = node.newest;
    if (older === undefined) {
      this.#remove(node);
      return;
    }
    const change = Number(isLive(older)) - Number(isLive(node.newest));
    node.newest = older;
    this.#addDelta(node, change);
  }

  /** Forgets the versions of revisions <= `revision`: the leaves have them now. */
  cut(node: MemNode, revision: number): void {
    let kept: MemEntry | undefined;
    let entry: MemEntry | undefined = node.newest;
    while (entry !== undefined && entry.modRevision > revision) {
      kept = entry;
      entry = entry.older;
    }
    for (; entry !== undefined; entry = entry.older) this.entries--;
    if (kept === undefined) {
      this.#remove(node);
      return;
    }
    kept.older = undefined;
    const delta = Number(isLive(node.newest)) - Number(livedBefore(kept));
    this.#addDelta(node, delta - node.delta);
  }

  /** Nodes from the first key >= `start`, ascending. The memtable must not change meanwhile. */
  *from(start: Key): Generator<MemNode, undefined> {
    let position = this.#seek(start);
    for (let chunk = position.chunk; chunk < this.#chunks.length; chunk++) {
      const { nodes } = this.#chunks[chunk] as Chunk;
      for (let at = position.at; at < nodes.length; at++) yield nodes[at] as MemNode;
      position = { chunk, at: 0 };
    }
    return undefined;
  }

  /** Sum of the deltas of all keys in the range. */
  delta(range: KeyRange): number {
    let sum = 0;
    const { chunk: first, at: firstAt } = this.#seek(range.start);
    for (let index = first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Chunk;
      const last = chunk.nodes[chunk.nodes.length - 1] as MemNode;
      const from = index === first ? firstAt : 0;
      if (from === 0 && (range.end === undefined || last.key < range.end)) {
        sum += chunk.delta;
        continue;
      }
      for (let at = from; at < chunk.nodes.length; at++) {
        const node = chunk.nodes[at] as MemNode;
        if (range.end !== undefined && node.key >= range.end) return sum;
        sum += node.delta;
      }
    }
    return sum;
  }

  #addDelta(node: MemNode, change: number): void {
    if (change === 0) return;
    node.delta += change;
    (this.#chunks[this.#chunkOf(node.key)] as Chunk).delta += change;
  }

  #insert(node: MemNode): void {
    if (this.#chunks.length === 0) {
      this.#chunks.push({ nodes: [node], delta: node.delta });
      return;
    }
    const index = this.#chunkOf(node.key);
    const chunk = this.#chunks[index] as Chunk;
    chunk.nodes.splice(lowerBound(chunk.nodes, node.key), 0, node);
    chunk.delta += node.delta;
    if (chunk.nodes.length > CHUNK_NODES_MAX) this.#split(index, chunk);
  }

  /** Halves a chunk; a chunk at the end that grows by ascending keys is left nearly full. */
  #split(index: number, chunk: Chunk): void {
    const atEnd = index === this.#chunks.length - 1;
    const keep = atEnd ? CHUNK_NODES_MAX - CHUNK_NODES_MAX / 8 : CHUNK_NODES_MAX / 2;
    const nodes = chunk.nodes.splice(keep);
    let delta = 0;
    for (const node of nodes) delta += node.delta;
    chunk.delta -= delta;
    this.#chunks.splice(index + 1, 0, { nodes, delta });
  }

  #remove(node: MemNode): void {
    this.#byKey.delete(node.key);
    const index = this.#chunkOf(node.key);
    const chunk = this.#chunks[index] as Chunk;
    chunk.nodes.splice(lowerBound(chunk.nodes, node.key), 1);
    chunk.delta -= node.delta;
    if (chunk.nodes.length === 0) this.#chunks.splice(index, 1);
  }

  /** Index of the chunk in whose span `key` falls. */
  #chunkOf(key: Key): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = (this.#chunks[middle] as Chunk).nodes[0] as MemNode;
      if (first.key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #seek(start: Key): { chunk: number; at: number } {
    const index = this.#chunkOf(start);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return { chunk: 0, at: 0 };
    const at = lowerBound(chunk.nodes, start);
    return at < chunk.nodes.length ? { chunk: index, at } : { chunk: index + 1, at: 0 };
  }
}

/** Index of the first node with key >= `key`. */
function lowerBound(nodes: readonly MemNode[], key: Key): number {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((nodes[middle] as MemNode).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Moves flushed entries from the memtable into the leaves of the key index, one group of leaves at a
 * time. A group is written as a whole or not at all, and each leaf's head says up to which revision
 * it is merged, so a crash anywhere between groups loses nothing and doubles nothing.
 *
 * A cycle goes through all keys once. When it ends, every change flushed before it began is in the
 * leaves: that revision becomes the point from which a start reads the log.
 */
import type { Generation } from './generation.ts';
import { LeafGroupWriter } from './leaf-group.ts';
import type { LeafOutput } from './leaf-group.ts';
import { compareKey, emptyLeafEntry, fillLeafEntry } from './leaf-entry.ts';
import { sealLeaf } from './leaf-directory.ts';
import type { LeafSummary } from './leaf-directory.ts';
import { ENTRY_BYTES_TYPICAL, LeafCursor } from './leaf-page.ts';
import type { MemEntry, MemNode } from './memtable.ts';
import type { Key } from './types.ts';

/** Leaves merged together, and the nodes whose keys belong in them. */
interface Group {
  /** Indexes in the leaf directory, the second exclusive. */
  readonly from: number;
  readonly to: number;
  readonly nodes: readonly MemNode[];
  /** First key after the group; undefined: there is none. */
  readonly end: Key | undefined;
  /** About the size of the result if nothing is trimmed. */
  readonly bytes: number;
}

export class Merger {
  readonly #generation: Generation;
  /** Keys below this are merged in the cycle under way; undefined: there is none. */
  #cursor: Key | undefined;
  /** Flushed revision when the cycle began. */
  #cycleRevision = 0;
  #cyclePosition = 0;
  leavesWritten = 0;

  constructor(generation: Generation) {
    this.#generation = generation;
  }

  /** A cycle is under way or due: memory or a start's reading would grow beyond their bounds. */
  get due(): boolean {
    const { progress } = this.#generation;
    if (this.#cursor !== undefined) return true;
    if (progress.mergedRevision === progress.flushedRevision) return false;
    return progress.flushedCompactRevision > progress.mergedRevision || this.pressure > 1;
  }

  /** How many times larger than meant the memtable is, or what a start would read, if that is more. */
  get pressure(): number {
    const { memtable, settings, unflushedEntries, replayBytes } = this.#generation;
    const entries = (memtable.entries - unflushedEntries) / settings.memtableEntriesMax;
    return Math.max(entries, replayBytes / settings.replayBytesMax);
  }

  /**
   * One bounded part of a cycle. Starts one if none is under way. Under pressure the parts grow, so
   * that writers who outrun the merging are caught up with.
   */
  slice(): void {
    const { settings, progress, memtable } = this.#generation;
    if (this.#cursor === undefined) {
      this.#cursor = '';
      this.#cycleRevision = progress.flushedRevision;
      this.#cyclePosition = this.#generation.flushedPosition;
    }
    let budget = settings.mergeSliceLeaves * Math.max(1, Math.floor(this.pressure));
    while (budget > 0) {
      const node = firstFlushed(memtable.from(this.#cursor), progress.flushedRevision);
      if (node === undefined) {
        this.#endCycle();
        return;
      }
      const { directory } = this.#generation.index;
      const group = this.#groupAt(directory.floor(node.key, Infinity));
      budget -= this.#mergeGroup(group);
      if (group.end === undefined) {
        this.#endCycle();
        return;
      }
      this.#cursor = group.end;
    }
  }

  /** Merges everything, however much it is. All of the memtable must be flushed. */
  drain(): void {
    const { memtable } = this.#generation;
    // What came below the cursor of a cycle under way is left to the next one.
    while (memtable.entries > 0 || this.#cursor !== undefined) this.slice();
  }

  /** Rewrites the leaf at `index` without what is dead, taking along what the memtable has for it. */
  trim(index: number): void {
    this.#mergeGroup(this.#groupAt(index));
  }

  #endCycle(): void {
    const generation = this.#generation;
    const before = generation.progress.mergedRevision;
    this.#cursor = undefined;
    generation.mergedPosition = this.#cyclePosition;
    if (before === this.#cycleRevision) return;
    generation.progress.mergedRevision = this.#cycleRevision;
    try {
      generation.saveMeta();
    } catch (error) {
      generation.progress.mergedRevision = before;
      throw error;
    }
  }

  /** The leaf at `first`, more while they are too small to stand alone, and their nodes. */
  #groupAt(first: number): Group {
    const { index, settings } = this.#generation;
    const { directory } = index;
    if (first < 0) {
      const nodes = this.#nodes('', undefined);
      return { from: 0, to: 0, nodes, end: undefined, bytes: bytesOfNodes(nodes) };
    }
    const { separator, continues } = directory.at(first);
    const start = first === 0 ? '' : continues > 0 ? `${separator}\0` : separator;
    let to = first;
    let bytes = 0;
    let nodes: MemNode[] = [];
    let end: Key | undefined;
    do {
      bytes += directory.at(to++).bytes;
      const next = to < directory.length ? directory.at(to) : undefined;
      const from = end ?? start;
      end =
        next === undefined
          ? undefined
          : next.continues > 0
            ? `${next.separator}\0`
            : next.separator;
      const more = this.#nodes(from, end);
      bytes += bytesOfNodes(more);
      nodes = nodes.concat(more);
    } while (bytes < settings.leafPageBytesMin && end !== undefined);
    return { from: first, to, nodes, end, bytes };
  }

  /** Nodes of the span that have something to merge. */
  #nodes(start: Key, end: Key | undefined): MemNode[] {
    const { memtable, progress } = this.#generation;
    const nodes: MemNode[] = [];
    for (const node of memtable.from(start)) {
      if (end !== undefined && node.key >= end) break;
      if (flushedPart(node, progress.flushedRevision) !== undefined) nodes.push(node);
    }
    return nodes;
  }

  /** Writes the group's new leaves. Returns how many rows that took. */
  #mergeGroup(group: Group): number {
    const { rows, index, memtable, progress, cache } = this.#generation;
    const outputs = this.#build(group);
    const { flushedRevision } = progress;
    const oldIds: number[] = [];
    for (let leaf = group.from; leaf < group.to; leaf++) oldIds.push(index.directory.at(leaf).id);
    const leaves = outputs.map(({ leaf }, position): LeafSummary => {
      const id = oldIds[position] ?? index.directory.takeId();
      return { ...leaf, id, mergedRevision: flushedRevision };
    });
    rows.atomically(() => {
      leaves.forEach((leaf, position) => {
        const { data } = outputs[position] as LeafOutput;
        rows.put(index.table, leaf.id, sealLeaf(leaf, data), data);
      });
      for (const id of oldIds.slice(leaves.length)) rows.delete(index.table, id);
    });
    leaves.forEach((leaf, position) => {
      cache.set('index', leaf.id, (outputs[position] as LeafOutput).data);
    });
    for (const id of oldIds.slice(leaves.length)) cache.delete('index', id);
    index.directory.replace(group.from, group.to, leaves);
    for (const node of group.nodes) memtable.cut(node, flushedRevision);
    const written = Math.max(leaves.length, oldIds.length);
    this.leavesWritten += written;
    return written;
  }

  /** Two sorted streams into one: the leaves' entries, and the nodes', which are newer. */
  #build(group: Group): LeafOutput[] {
    const { index, progress, settings } = this.#generation;
    const { directory } = index;
    const next = group.to < directory.length ? directory.at(group.to) : undefined;
    const writer = new LeafGroupWriter({
      trimRevision: progress.markedRevision,
      start: group.from === 0 ? undefined : directory.at(group.from),
      continuedBy: next !== undefined && next.continues > 0 ? next.separator : undefined,
      bytes: group.bytes,
      settings,
    });
    const source = new GroupSource(this.#generation, group.from, group.to);
    const entry = emptyLeafEntry();
    for (const node of group.nodes) {
      while (source.valid && compareKey(source.cursor, node.key) < 0) {
        writer.add(source.cursor);
        source.advance();
      }
      let older = false;
      let version = flushedPart(node, progress.flushedRevision);
      for (; version !== undefined; version = version.older) {
        fillLeafEntry(entry, version);
        entry.older = older;
        writer.add(entry);
        older = true;
      }
      while (source.valid && compareKey(source.cursor, node.key) === 0) {
        source.cursor.older = true;
        writer.add(source.cursor);
        source.advance();
      }
    }
    for (; source.valid; source.advance()) writer.add(source.cursor);
    return writer.finish();
  }
}

/** The entries of several leaves one after the other. */
class GroupSource {
  readonly cursor: LeafCursor;
  readonly #generation: Generation;
  readonly #to: number;
  #leaf: number;
  valid: boolean;

  constructor(generation: Generation, from: number, to: number) {
    this.#generation = generation;
    this.#leaf = from;
    this.#to = to;
    this.cursor = new LeafCursor(from < to ? generation.index.page(from) : new Uint8Array(4));
    this.valid = true;
    this.advance();
  }

  advance(): void {
    while (!this.cursor.next()) {
      if (++this.#leaf >= this.#to) {
        this.valid = false;
        return;
      }
      this.cursor.reset(this.#generation.index.page(this.#leaf));
    }
  }
}

/** The newest version of the node that is flushed. */
function flushedPart(node: MemNode, flushedRevision: number): MemEntry | undefined {
  let entry: MemEntry | undefined = node.newest;
  while (entry !== undefined && entry.modRevision > flushedRevision) entry = entry.older;
  return entry;
}

function firstFlushed(nodes: Iterable<MemNode>, flushedRevision: number): MemNode | undefined {
  for (const node of nodes) {
    if (flushedPart(node, flushedRevision) !== undefined) return node;
  }
  return undefined;
}

function bytesOfNodes(nodes: readonly MemNode[]): number {
  let bytes = 0;
  for (const node of nodes) bytes += node.key.length + ENTRY_BYTES_TYPICAL;
  return bytes;
}

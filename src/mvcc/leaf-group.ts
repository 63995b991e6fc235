/**
 * Writes the leaves that replace a group of leaves: takes entries in order, leaves out what compaction
 * killed, cuts the rest into pages.
 *
 * A version is dead at compaction revision C if it is older than C and either a tombstone, or replaced
 * by a version not newer than C. One exception: a tombstone stays while older versions of its key lie
 * in leaves beyond the group, for without it they would seem to be the key's newest.
 */
import { LEAF_SPLIT_KEY_BYTES_MAX } from '../constants.ts';
import { byteString } from '../lib/bytes.ts';
import type { LeafEntry } from './leaf-entry.ts';
import { compareKey } from './leaf-entry.ts';
import type { LeafSummary } from './leaf-directory.ts';
import { LeafWriter } from './leaf-page.ts';
import type { Settings } from './settings.ts';
import type { Key } from './types.ts';

export interface LeafOutput {
  readonly leaf: Omit<LeafSummary, 'id' | 'mergedRevision'>;
  readonly data: Uint8Array;
}

export interface LeafGroupOptions {
  /** What is dead at this revision is left out. */
  readonly trimRevision: number;
  /** Where the group's span begins; undefined: with the lowest key. */
  readonly start: { readonly separator: Key; readonly continues: number } | undefined;
  /** The key whose versions go on in the leaf after the group. */
  readonly continuedBy: Key | undefined;
  /** About the size of all entries to come. */
  readonly bytes: number;
  readonly settings: Settings;
}

export class LeafGroupWriter {
  readonly #options: LeafGroupOptions;
  readonly #outputs: LeafOutput[] = [];
  readonly #writer: LeafWriter;
  /** A leaf this large is ended before the next entry. */
  readonly #cutBytes: number;
  /** Revision of the entry that came last, kept or not. */
  #lastRevision: number;
  /** Revision of the entry kept last. */
  #keptRevision = 0;
  // Of the leaf being written:
  #separator = '';
  #continues = 0;
  #live = 0;
  #trimRevision = 0;

  constructor(options: LeafGroupOptions) {
    this.#options = options;
    const { leafPageBytes, leafPageBytesMax } = options.settings;
    const pieces = Math.ceil(options.bytes / leafPageBytes);
    this.#cutBytes =
      options.bytes <= leafPageBytesMax ? leafPageBytesMax : Math.ceil(options.bytes / pieces);
    this.#writer = new LeafWriter(leafPageBytesMax);
    this.#lastRevision = options.start?.continues ?? 0;
  }

  add(entry: LeafEntry): void {
    const replacedBy = entry.older ? this.#lastRevision : Infinity;
    this.#lastRevision = entry.modRevision;
    if (this.#dead(entry, replacedBy)) return;
    if (this.#writer.entries === 0) this.#begin(entry, replacedBy);
    else if (this.#mayCut(entry)) this.#cut(entry, replacedBy);
    this.#writer.add(entry);
    this.#keptRevision = entry.modRevision;
    if (!entry.older && entry.version > 0) this.#live++;
    this.#noteTrim(entry, replacedBy);
  }

  /** The leaves; none if nothing is left. */
  finish(): LeafOutput[] {
    if (this.#writer.entries > 0) this.#endLeaf();
    return this.#outputs;
  }

  #dead(entry: LeafEntry, replacedBy: number): boolean {
    const { trimRevision, continuedBy } = this.#options;
    if (entry.modRevision >= trimRevision) return false;
    if (replacedBy <= trimRevision) return true;
    if (entry.version > 0) return false;
    return continuedBy === undefined || compareKey(entry, continuedBy) !== 0;
  }

  /** Notes from which compaction revision on the entry is dead. */
  #noteTrim(entry: LeafEntry, replacedBy: number): void {
    const soonest =
      entry.version === 0 ? entry.modRevision + 1 : Math.max(replacedBy, entry.modRevision + 1);
    if (soonest === Infinity) return;
    if (this.#trimRevision === 0 || soonest < this.#trimRevision) this.#trimRevision = soonest;
  }

  /**
   * Versions of one revision stay together, so that a continued leaf begins below a revision; and so
   * do those of a key too long to be repeated.
   */
  #mayCut(entry: LeafEntry): boolean {
    if (this.#writer.bytes < this.#cutBytes) return false;
    if (!entry.older) return true;
    return entry.modRevision < this.#keptRevision && entry.keyLength <= LEAF_SPLIT_KEY_BYTES_MAX;
  }

  #cut(entry: LeafEntry, replacedBy: number): void {
    const shared = this.#writer.sharedWithLast(entry);
    this.#endLeaf();
    this.#continues = entry.older ? replacedBy : 0;
    const length = entry.older ? entry.keyLength : shared + 1;
    this.#separator = byteString(entry.key.subarray(0, length));
  }

  /** The group's first leaf keeps the span's beginning, as far as that is a prefix of its first key. */
  #begin(entry: LeafEntry, replacedBy: number): void {
    const { start } = this.#options;
    if (start === undefined) return;
    const { separator, continues } = start;
    if (continues > 0 && entry.older && compareKey(entry, separator) === 0) {
      this.#separator = separator;
      this.#continues = replacedBy;
      return;
    }
    // A span that was continued holds no other version of its separator any more: begin after it.
    const past = continues > 0 ? `${separator}\0` : separator;
    this.#separator = shortestPrefix(entry, past);
  }

  #endLeaf(): void {
    const { entries, bytes } = this.#writer;
    const leaf = {
      separator: this.#separator,
      continues: this.#continues,
      live: this.#live,
      entries,
      trimRevision: this.#trimRevision,
      bytes,
    };
    this.#outputs.push({ leaf, data: this.#writer.finish() });
    this.#live = 0;
    this.#trimRevision = 0;
    this.#continues = 0;
  }
}

/** The shortest prefix of the entry's key that is >= `bound`, which is not greater than the key. */
function shortestPrefix(entry: LeafEntry, bound: Key): Key {
  let shared = 0;
  const most = Math.min(bound.length, entry.keyLength);
  while (shared < most && entry.key[shared] === bound.charCodeAt(shared)) shared++;
  const length = shared === bound.length ? shared : shared + 1;
  return byteString(entry.key.subarray(0, length));
}

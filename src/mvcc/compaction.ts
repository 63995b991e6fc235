/**
 * Physical compaction, in slices. It begins once every change up to the compaction revision C is in
 * the leaves, and goes on in three steps, each of which may be interrupted anywhere:
 *
 * 1. mark: walk the log from the last marked revision to C. Each change names what it replaced, so this
 *    finds all that died, and counts it in the log's directory, page by page.
 * 2. sweep the log: delete pages in which nothing lives, rewrite those at least half dead, joining
 *    small ones with the page before.
 * 3. sweep the leaves: drop index entries of what is dead, last leaf first (see leaf-group.ts).
 *
 * Marking costs by the changes made since the last compaction, not by the size of the store.
 */
import type { Generation } from './generation.ts';
import type { DeadTally } from './log-directory.ts';
import { LogPageBuilder, recordsIn } from './log-page.ts';
import type { Merger } from './merge.ts';
import type { RecordCursor } from './revision-record.ts';
import { appendLiving, withoutDead } from './retention.ts';

/** What a record takes in a page besides key and value, about. */
const RECORD_OVERHEAD_BYTES_TYPICAL = 10;
/** A log page is rewritten when this part of it is dead: then rewriting at most doubles what is written. */
const DEAD_SHARE_MIN = 0.5;
/** A leaf is rewritten when this part of its entries are not the newest of a living key. */
const OLD_SHARE_MIN = 1 / 8;

export class Compactor {
  readonly #generation: Generation;
  readonly #merger: Merger;
  /** Ids of pages worth sweeping, found when marking ended. */
  #pages: number[];
  /**
   * Leaves from this index down are still to be swept; -1: none. Merging between two slices moves leaves: one
   * that moves up past it is left to the next compaction, and there may be fewer leaves than this.
   */
  #leaf: number;
  pagesDeleted = 0;
  pagesRewritten = 0;

  constructor(generation: Generation, merger: Merger) {
    this.#generation = generation;
    this.#merger = merger;
    this.#pages = this.#deadPages();
    this.#leaf = generation.index.directory.length - 1;
    this.#skipCleanLeaves();
  }

  get due(): boolean {
    const { flushedCompactRevision, markedRevision } = this.#generation.progress;
    if (this.#pages.length > 0 || this.#leaf >= 0) return true;
    return flushedCompactRevision > markedRevision;
  }

  /** One bounded part. The merger must have nothing due. */
  slice(): void {
    if (this.#pages.length > 0) this.#sweepLog();
    else if (this.#leaf >= 0) this.#sweepLeaves();
    else this.#mark();
  }

  #mark(): void {
    const { progress, log, rows } = this.#generation;
    const pass =
      progress.markTarget > progress.markedRevision
        ? { target: progress.markTarget, next: progress.markNext }
        : { target: progress.flushedCompactRevision, next: Math.max(progress.markedRevision, 0) };
    const { tallies, next } = this.#tally(pass.next, pass.target);
    const done = next > pass.target;
    rows.atomically(() => {
      for (const [page, tally] of tallies) log.directory.addDead(page, tally);
      log.saveDirectory();
      progress.markNext = done ? 0 : next;
      progress.markTarget = done ? -1 : pass.target;
      if (done) progress.markedRevision = pass.target;
      this.#generation.saveMeta();
    });
    if (!done) return;
    this.#pages = this.#deadPages();
    this.#leaf = this.#generation.index.directory.length - 1;
    this.#skipCleanLeaves();
  }

  /** Counts what the changes from revision `from` on killed, over about a slice of the log. */
  #tally(from: number, target: number): { tallies: Map<number, DeadTally>; next: number } {
    const { log, settings } = this.#generation;
    const tallies = new Map<number, DeadTally>();
    let bytes = 0;
    let revision = from;
    for (let index = log.pageOf(from, 0); index < log.pageCount; index++) {
      const page = log.page(index, false);
      const cursor = recordsIn(page.id, page.data);
      while (cursor.next()) {
        if (cursor.modRevision < from) continue;
        if (cursor.modRevision > target) return { tallies, next: target + 1 };
        const newRevision = cursor.modRevision > revision;
        revision = cursor.modRevision;
        if (newRevision && bytes > settings.compactionSliceBytes)
          return { tallies, next: revision };
        this.#count(tallies, index, cursor, target);
      }
      bytes += page.data.length;
    }
    return { tallies, next: target + 1 };
  }

  /** What dies by this change between the last marked compaction and the one to `target`. */
  #count(
    tallies: Map<number, DeadTally>,
    index: number,
    record: RecordCursor,
    target: number,
  ): void {
    const { log, progress } = this.#generation;
    const marked = progress.markedRevision;
    const { modRevision, previousRevision } = record;
    const add = (page: number, bytes: number): void => {
      const tally = tallies.get(page) ?? { records: 0, bytes: 0 };
      tally.records++;
      tally.bytes += bytes;
      tallies.set(page, tally);
    };
    // A change of the marked revision itself killed then what was older, and now what is of its age.
    const fresh = modRevision > marked || previousRevision === marked;
    if (previousRevision > 0 && previousRevision < target && fresh) {
      const page = log.pageOf(previousRevision, record.previousSub);
      add(page, RECORD_OVERHEAD_BYTES_TYPICAL + record.keyLength + record.previousValueLength);
    }
    if (record.tombstone && modRevision >= marked && modRevision < target) {
      add(index, RECORD_OVERHEAD_BYTES_TYPICAL + record.keyLength);
    }
  }

  /** Pages whole or half dead, except the one still filling. */
  #deadPages(): number[] {
    const { log, progress } = this.#generation;
    if (progress.markTarget > progress.markedRevision) return [];
    const pages: number[] = [];
    for (let index = 0; index < log.stablePages; index++) {
      const dead = log.directory.dead(index);
      const whole = dead.records >= log.directory.records(index);
      if (whole || dead.bytes >= DEAD_SHARE_MIN * log.directory.bytes(index)) {
        pages.push(log.directory.id(index));
      }
    }
    return pages.reverse();
  }

  #sweepLog(): void {
    const { rows, settings, log } = this.#generation;
    for (let count = 0; count < settings.compactionSlicePages; count++) {
      const id = this.#pages[this.#pages.length - 1];
      if (id === undefined) return;
      const index = log.directory.indexOf(id);
      if (index >= 0) rows.atomically(() => this.#sweepPage(index));
      this.#pages.pop();
    }
  }

  #sweepPage(index: number): void {
    const { log } = this.#generation;
    const { directory } = log;
    if (directory.dead(index).records >= directory.records(index)) {
      log.removePage(index);
      this.pagesDeleted++;
    } else {
      this.#rewritePage(index);
    }
    log.saveDirectory();
  }

  #rewritePage(index: number): void {
    const generation = this.#generation;
    const { log, settings, progress } = generation;
    const page = log.page(index, false);
    const kept = withoutDead(generation, page, progress.markedRevision);
    this.pagesRewritten++;
    if (kept.records === 0) {
      log.removePage(index);
      return;
    }
    const room = settings.logPageBytes - kept.data.length;
    if (index > 0 && log.directory.bytes(index - 1) <= room) {
      this.#joinPages(index - 1, index);
    } else {
      log.replacePage(index, kept.records, kept.data);
    }
  }

  /** Moves what lives of the page at `from` to the end of the page at `into`, dropping its dead too. */
  #joinPages(into: number, from: number): void {
    const generation = this.#generation;
    const { log, progress } = generation;
    const first = log.page(into, false);
    const second = log.page(from, false);
    const builder = new LogPageBuilder(first.id, 0, first.data.length + second.data.length);
    appendLiving(generation, builder, first, progress.markedRevision);
    appendLiving(generation, builder, second, progress.markedRevision);
    log.replacePage(into, builder.records, builder.finish());
    log.removePage(from);
  }

  #sweepLeaves(): void {
    const { settings } = this.#generation;
    for (let count = 0; count < settings.mergeSliceLeaves; count++) {
      this.#skipCleanLeaves();
      if (this.#leaf < 0) return;
      this.#merger.trim(this.#leaf--);
    }
    this.#skipCleanLeaves();
  }

  /** Moves down to the next leaf that has enough to drop. */
  #skipCleanLeaves(): void {
    const { index, progress } = this.#generation;
    while (this.#leaf >= 0) {
      if (this.#leaf < index.directory.length) {
        const { trimRevision, entries, live } = index.directory.at(this.#leaf);
        const droppable = trimRevision > 0 && trimRevision <= progress.markedRevision;
        if (droppable && entries - live >= OLD_SHARE_MIN * entries) return;
      }
      this.#leaf--;
    }
  }
}

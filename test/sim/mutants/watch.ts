/** Bugs of watches: each breaks one of the nine guarantees, or a stream as a whole. */
import type { Mutant } from './mutant.ts';

export const WATCH_MUTANTS: readonly Mutant[] = [
  {
    name: 'watch-filter-lost-in-sleep',
    bug: 'a watcher restored after sleep has lost its filters (filter)',
    patches: [
      {
        file: 'src/watch/registration.ts',
        find: '  const flags = reader.u8();\n',
        replace: '  const flags = reader.u8() & ~(WatchFlag.NO_PUT | WatchFlag.NO_DELETE);\n',
      },
      {
        file: 'src/watch/registration.ts',
        find: "import { WatchState, type Watcher } from './watcher.ts';",
        replace: "import { WatchFlag, WatchState, type Watcher } from './watcher.ts';",
      },
    ],
  },
  {
    name: 'watch-range-too-wide',
    bug: 'a watcher that catches up is told of keys beyond its range (filter)',
    patches: [
      {
        file: 'src/watch/watcher.ts',
        find: 'return this.start <= key && (this.end === undefined || key < this.end);',
        replace: 'return this.start <= key;',
      },
    ],
  },
  {
    name: 'watch-live-before-history',
    bug: 'a watcher that reads history is sent new events, too (ordered)',
    patches: [
      {
        file: 'src/watch/hub.ts',
        find: '      if (watcher.state !== WatchState.SYNCED) continue;\n      const [response]',
        replace: '      const [response]',
      },
    ],
  },
  {
    name: 'watch-steps-back-after-sleep',
    bug: 'a stream goes on before the restarted member has come to what it had sent (ordered)',
    patches: [
      {
        file: 'src/watch/stream.ts',
        find: '    return this.#sentRevision > this.#host.revision;',
        replace: '    return this.#sentRevision < 0;',
      },
      {
        file: 'src/watch/stream.ts',
        find: '    const seen = Math.max(openRevision, this.#sentRevision);',
        replace: '    const seen = openRevision;',
      },
    ],
  },
  {
    name: 'watch-resumes-one-early',
    bug: 'a watcher that falls back to history reads a revision that it was sent (unique)',
    patches: [
      {
        file: 'src/watch/hub.ts',
        find: '        watcher.next = header.revision;\n        watcher.stream.hold',
        replace: '        watcher.next = header.revision - 1;\n        watcher.stream.hold',
      },
    ],
  },
  {
    name: 'watch-wakes-one-early',
    bug: 'a synced watcher is sent its last revision again after sleep (unique)',
    patches: [
      {
        file: 'src/watch/stream.ts',
        find: 'Math.max(saved.next, seen + 1) : saved.next;',
        replace: 'Math.max(saved.next, seen) : saved.next;',
      },
    ],
  },
  {
    name: 'watch-revision-split',
    bug: 'events of one revision come in two responses (atomic)',
    patches: [
      {
        file: 'src/watch/fan-out.ts',
        find: '    if (event.revision !== revision) {\n      if (revisions % WATCH_RESPONSE_REVISIONS_MAX === 0) {',
        replace:
          '    if (event.revision !== revision || list.length > 1) {\n      if (revisions % WATCH_RESPONSE_REVISIONS_MAX === 0 || event.revision === revision) {',
      },
    ],
  },
  {
    name: 'watch-fragment-unmarked',
    bug: 'fragments do not say that more follows (atomic)',
    patches: [
      {
        file: 'src/watch/fan-out.ts',
        find: 'index < last ? FRAGMENT : {}',
        replace: 'index < last && last > 2 ? FRAGMENT : {}',
      },
    ],
  },
  {
    name: 'watch-fragments-reversed',
    bug: 'the fragments of a response come in the wrong order (ordered, reliable)',
    patches: [
      {
        file: 'src/watch/fan-out.ts',
        find: '  return pieces;',
        replace: '  return pieces.reverse();',
      },
    ],
  },
  {
    name: 'watch-progress-ahead',
    bug: 'progress is reported while events up to it are unsent (bookmarkable)',
    patches: [
      {
        file: 'src/watch/stream.ts',
        find: '    if (watcher.state !== WatchState.SYNCED) return false;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'watch-progress-before-start',
    bug: 'progress is reported for a watcher whose start is in the future (bookmarkable)',
    patches: [
      {
        file: 'src/watch/stream.ts',
        find: 'return (watcher.flags & WatchFlag.FUTURE) === 0 || revision >= watcher.next;',
        replace: 'return revision > 0;',
      },
    ],
  },
  {
    name: 'watch-begins-one-late',
    bug: 'a watcher opened at a revision begins with the one after it (resumable)',
    patches: [
      {
        file: 'src/watch/stream.ts',
        find: 'next: start === 0 ? revision + 1 : start,',
        replace: 'next: start === 0 ? revision + 1 : start + 1,',
      },
    ],
  },
  {
    name: 'watch-gap-hidden',
    bug: 'a watcher overtaken by compaction goes on from there without a word (resumable, reliable)',
    patches: [
      {
        file: 'src/watch/catch-up.ts',
        find: '        watcher.stream.cancelCompacted(watcher, compactRevision);',
        replace: '        { watcher.next = compactRevision; this.#push(watcher); }',
      },
    ],
  },
  {
    name: 'watch-victim-dropped',
    bug: 'the response that a slow receiver had no room for is never sent (reliable)',
    patches: [
      {
        file: 'src/watch/catch-up.ts',
        find: '      watcher.next = response.firstRevision;',
        replace: '      watcher.next = next;',
      },
    ],
  },
  {
    name: 'watch-live-victim-dropped',
    bug: 'a live event that a slow receiver had no room for is never sent (reliable)',
    patches: [
      {
        file: 'src/watch/hub.ts',
        find: '        watcher.next = header.revision;\n        watcher.stream.hold',
        replace: '        watcher.next = header.revision + 1;\n        watcher.stream.hold',
      },
    ],
  },
  {
    name: 'watch-synced-too-soon',
    bug: 'a watcher counts as synced one revision before it is (reliable)',
    patches: [
      {
        file: 'src/watch/catch-up.ts',
        find: 'if (watcher.next > revision) this.#tally.move',
        replace: 'if (watcher.next >= revision) this.#tally.move',
      },
    ],
  },
  {
    name: 'watch-snapshot-skips',
    bug: 'an installed snapshot does not move synced watchers to history (reliable)',
    patches: [
      {
        file: 'src/watch/hub.ts',
        find: '        if (watcher.next > revision) continue;\n',
        replace: '        if (watcher.next > 0) continue;\n',
      },
    ],
  },
  {
    name: 'watch-row-lost',
    bug: 'the first row of registrations is not read when the object wakes (reliable)',
    patches: [
      {
        file: 'src/watch/hub.ts',
        find: 'for (const row of head.inRows ? saved.rows : []) {',
        replace: 'for (const row of head.inRows ? saved.rows.slice(1) : []) {',
      },
    ],
  },
  {
    name: 'watch-saved-once',
    bug: 'what is saved of a stream is not saved again when it changes',
    patches: [
      {
        file: 'src/member/watch-host.ts',
        find: '      if (connection !== undefined) this.save(connection);\n',
        replace:
          '      if (connection !== undefined && stream.watchers.size < 2) this.save(connection);\n',
      },
    ],
  },
  {
    name: 'watch-canceled-without-need',
    bug: 'a watcher is canceled for a compaction that took nothing from it (reliable)',
    patches: [
      {
        file: 'src/watch/catch-up.ts',
        find: 'if (farthest.next < compactRevision) {',
        replace: 'if (farthest.next <= compactRevision) {',
      },
      {
        file: 'src/watch/catch-up.ts',
        find: 'if (watcher.next >= compactRevision || count',
        replace: 'if (watcher.next > compactRevision || count',
      },
    ],
  },
  {
    name: 'watch-every-put-creates',
    bug: 'events say of changed keys that they are new (isCreate)',
    patches: [
      {
        file: 'src/member/watch-json.ts',
        find: '  const { createRevision, modRevision, version, value, lease } = kv;\n',
        replace:
          '  const { modRevision, value, lease } = kv;\n  const isChanged = kv.version > 1;\n  const createRevision = isChanged ? modRevision : kv.createRevision;\n  const version = isChanged ? 1 : kv.version;\n',
      },
    ],
  },
  {
    name: 'watch-prev-is-present',
    bug: 'prev_kv is what the key holds, not what it held (prevKV)',
    patches: [
      {
        file: 'src/watch/event.ts',
        find: '  return history.getAt(key, modRevision - 1);',
        replace: '  return history.getAt(key, modRevision);',
      },
    ],
  },
  {
    name: 'watch-prev-withheld',
    bug: 'prev_kv is missing for everything below the present revision, as if it were compacted (prevKV)',
    patches: [
      {
        file: 'src/watch/event.ts',
        find: 'if (modRevision - 1 < history.compactRevision) return undefined;',
        replace: 'if (modRevision < history.revision) return undefined;',
      },
    ],
  },
  {
    name: 'watch-prev-unasked',
    bug: 'prev_kv goes to those, too, that did not ask for it (prevKV)',
    patches: [
      {
        file: 'src/watch/fan-out.ts',
        find: '(variant & WatchFlag.PREV_KV) === 0 ? event : event.withPrevious',
        replace: 'variant < 0 ? event : event.withPrevious',
      },
    ],
  },
  {
    name: 'watch-stream-leaks',
    bug: 'a socket that closes leaves its stream behind',
    patches: [
      {
        file: 'src/member/watch-connection.ts',
        find: '    this.#closed = true;\n    this.#stream?.close();',
        replace: '    this.#closed = true;',
      },
    ],
  },
  {
    name: 'watch-taken-up-one-late',
    bug: 'a Worker takes a stream to another member one revision too late (reliable)',
    patches: [
      {
        file: 'src/session/watch-positions.ts',
        find: '    this.#moveOn(watchId, next);\n    return next;',
        replace: '    this.#moveOn(watchId, next + 1);\n    return next;',
      },
    ],
  },
  {
    name: 'watch-taken-up-one-early',
    bug: 'a Worker takes a stream to another member one revision too early (unique)',
    patches: [
      {
        file: 'src/session/watch-positions.ts',
        find: '    this.#moveOn(watchId, next);\n    return next;',
        replace: '    this.#moveOn(watchId, next - 1);\n    return next;',
      },
    ],
  },
  {
    name: 'watch-fragments-kept-over-loss',
    bug: 'a Worker passes on the fragments of a lost member before those of the next (unique)',
    patches: [
      {
        file: 'src/http/watch/session.ts',
        find: '    this.#responses.drop();\n',
        replace: '',
      },
    ],
  },
  {
    name: 'watch-taken-up-without-future',
    bug: 'a stream taken up by another member reports progress before a start in the future (bookmarkable)',
    patches: [
      {
        file: 'src/watch/resumption.ts',
        find: '(isFuture ? WatchFlag.FUTURE : 0)',
        replace: '(isFuture ? 0 : 0)',
      },
    ],
  },
];

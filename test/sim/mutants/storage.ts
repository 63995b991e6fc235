/** Bugs of the log, the checkpoints and the page store. */
import type { Mutant } from './mutant.ts';

export const STORAGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'hard-state-unwritten',
    bug: 'the hard state does not go with the entries, so a restart forgets term and vote',
    patches: [
      {
        file: 'src/wal/wal.ts',
        find: 'const next = hardState ?? this.#hardState;',
        replace:
          'const next = entries.length > 0 ? this.#hardState : (hardState ?? this.#hardState);',
      },
    ],
  },
  {
    name: 'log-tail-revived',
    bug: 'entries that a later leader replaced stay in storage and come back',
    patches: [
      {
        file: 'src/wal/wal.ts',
        find: '      this.#rows.delete(batch);\n      if (kept.length > 0) {',
        replace: '      if (kept.length > 0) {',
      },
    ],
  },
  {
    name: 'log-cut-too-far',
    bug: 'the log is cut beyond what the saved state holds',
    patches: [
      {
        file: 'src/member/checkpoints.ts',
        find: 'this.#state.save(this.#rows, meta);',
        replace: 'if (meta.index % 3 === 0) this.#state.save(this.#rows, meta);',
      },
    ],
  },
  {
    name: 'applied-index-without-data',
    bug: 'the applied index is saved, the changes it stands for are not (etcd 13766)',
    patches: [
      {
        file: 'src/apply/state-machine.ts',
        find: '      this.mvcc.flush();\n',
        replace: '      if (point.index % 4 !== 1) this.mvcc.flush();\n',
      },
    ],
  },
  {
    name: 'data-without-applied-index',
    bug: 'changes are saved, the applied index is not: entries are applied twice after a restart',
    patches: [
      {
        file: 'src/apply/state-machine.ts',
        find: '      saveState(rows, this.#encode(point));',
        replace: '      if (point.index % 4 !== 1) saveState(rows, this.#encode(point));',
      },
    ],
  },
  {
    name: 'page-write-lost',
    bug: 'a leaf of the key index is not written when a merge makes several',
    patches: [
      {
        file: 'src/mvcc/merge.ts',
        find: '        rows.put(index.table, leaf.id, sealLeaf(leaf, data), data);',
        replace:
          '        if (position === 0) rows.put(index.table, leaf.id, sealLeaf(leaf, data), data);',
      },
    ],
  },
  {
    name: 'merged-too-much',
    bug: 'a flush claims that its changes are in the key index already: a restart leaves them out',
    patches: [
      {
        file: 'src/mvcc/store.ts',
        find: '      progress.flushedRevision = this.revision;\n',
        replace:
          '      progress.flushedRevision = this.revision;\n      progress.mergedRevision = this.revision;\n',
      },
    ],
  },
  {
    name: 'memtable-cut-too-far',
    bug: 'merging forgets changes that came after the last flush',
    patches: [
      {
        file: 'src/mvcc/merge.ts',
        find: 'memtable.cut(node, flushedRevision);',
        replace: 'memtable.cut(node, flushedRevision + 1);',
      },
    ],
  },
  {
    name: 'compaction-drops-living',
    bug: 'compaction drops the newest version of a key that was not written since',
    patches: [
      {
        file: 'src/mvcc/retention.ts',
        find: 'return newest?.modRevision === record.modRevision && newest.sub === record.sub;',
        replace:
          'return newest?.modRevision === record.modRevision && newest.sub === record.sub && newest.version !== 2;',
      },
    ],
  },
  {
    name: 'compaction-drops-its-revision',
    bug: 'the revision compacted to can no longer be read (etcd keeps it)',
    patches: [
      {
        file: 'src/mvcc/store.ts',
        find: 'if (revision > 0 && revision < this.compactRevision) {',
        replace: 'if (revision > 0 && revision <= this.compactRevision) {',
      },
    ],
  },
  {
    name: 'compaction-revives-deleted',
    bug: 'compaction drops a tombstone that still hides an older version (etcd 18089)',
    patches: [
      {
        file: 'src/mvcc/compaction.ts',
        find: 'if (previousRevision > 0 && previousRevision < target && fresh) {',
        replace: 'if (previousRevision > 0 && previousRevision <= target && !record.tombstone) {',
      },
    ],
  },
  {
    name: 'revision-reused',
    bug: 'a restart takes up the revision one too low (etcd 17780)',
    patches: [
      {
        file: 'src/mvcc/store.ts',
        find: 'this.revision = this.generation.progress.flushedRevision;',
        replace: 'this.revision = Math.max(1, this.generation.progress.flushedRevision - 1);',
      },
    ],
  },
  {
    name: 'deletion-keeps-version',
    bug: 'a key created again goes on with the version it had before its deletion',
    patches: [
      {
        file: 'src/mvcc/write-txn.ts',
        find: 'const previous = found !== undefined && isLive(found) ? found : undefined;',
        replace: 'const previous = found;',
      },
    ],
  },
  {
    name: 'old-read-shows-newer',
    bug: 'a read at an old revision shows the one after it',
    patches: [
      {
        file: 'src/mvcc/store.ts',
        find: 'return this.#stateAt(revision <= 0 ? this.revision : revision).range(range, options);',
        replace:
          'return this.#stateAt(revision <= 0 ? this.revision : revision + 1).range(range, options);',
      },
    ],
  },
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppliedEntry } from '../../../src/apply/state-machine.ts';
import { InternalRequest } from '../../../src/api/messages.ts';
import { bytesOf } from '../../../src/lib/bytes.ts';
import { type Entry, EntryKind } from '../../../src/raft/types.ts';
import { LeaseRecord } from './record.ts';

const recordOf = (): LeaseRecord => new LeaseRecord(() => ({ atMs: 0, leaderMs: 0 }));

function putAt(index: number, key: string, revision: number): [Entry, AppliedEntry, number] {
  const data = InternalRequest.encode({ put: { key: bytesOf(key) } }).finish();
  const kv = {
    key,
    value: bytesOf(''),
    createRevision: revision,
    modRevision: revision,
    version: 1,
    lease: 0n,
  };
  const applied = {
    proposer: new Uint8Array(8),
    sequence: 1,
    outcome: { changes: [{ type: 'put', kv }] },
  } as unknown as AppliedEntry;
  return [{ index, term: 1, kind: EntryKind.normal, data }, applied, revision];
}

const pathOf = (record: LeaseRecord): string =>
  record.decisions.map(({ index, revision }) => `${index}:${revision}`).join(' ');

test('what was applied and lost is left out where something else took its place in the log', () => {
  const record = recordOf();
  record.applied(...putAt(1, 'a', 2));
  // Entry 2 was lost with its member; what stands there now is a change of membership.
  record.applying(...putAt(2, 'b', 3));
  record.applied(...putAt(3, 'c', 3));
  assert.equal(pathOf(record), '1:2 3:3');
});

test('what was applied and never confirmed counts where what follows rests on it', () => {
  const record = recordOf();
  record.applying(...putAt(1, 'lost', 2));
  record.applying(...putAt(1, 'a', 2));
  record.applying(...putAt(2, 'b', 3));
  record.applied(...putAt(3, 'c', 4));
  assert.equal(pathOf(record), '1:2 2:3 3:4');
  assert.equal(record.decisions[0]?.changes[0]?.key, 'a');
});

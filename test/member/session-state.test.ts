import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import {
  readAttachment,
  readSession,
  type SavedCall,
  type SavedSession,
  writeAttachment,
  writeSession,
} from '../../src/member/session-state.ts';

const CALLS: readonly SavedCall[] = [
  {
    kind: 'watch',
    id: 1,
    state: {
      number: 7,
      needsLeader: true,
      credit: -300,
      taken: 12,
      attachment: bytesOf('watchers'),
      waiting: [bytesOf('one'), bytesOf('')],
    },
  },
  { kind: 'keepAlive', id: 3, state: { credit: 65_536, taken: 0 } },
  {
    kind: 'observe',
    id: 5,
    state: { name: bytesOf('election'), credit: 0, told: 'leader@7', seenRevision: 2 ** 40 },
  },
  {
    kind: 'waiting',
    id: 1_000_001,
    state: { method: 'v3lockpb.Lock/Lock', state: bytesOf('candidate') },
  },
];

describe('the saved state of a session', () => {
  it('is read as it was written, whatever calls it has', () => {
    const sessions: readonly SavedSession[] = [
      { windowBytes: undefined, calls: [] },
      { windowBytes: 0, calls: [] },
      ...CALLS.map((call) => ({ windowBytes: 4_096, calls: [call] })),
      { windowBytes: 1 << 20, calls: CALLS },
    ];
    for (const session of sessions) assert.deepEqual(readSession(writeSession(session)), session);
  });

  it('cut off anywhere is none, or one of fewer calls', () => {
    const bytes = writeSession({ windowBytes: 4_096, calls: CALLS });
    for (let length = 0; length < bytes.length; length++) {
      const read = readSession(bytes.slice(0, length));
      if (read === undefined) continue;
      assert.ok(read.calls.length < CALLS.length, `${length} bytes`);
      assert.deepEqual(read.calls, CALLS.slice(0, read.calls.length));
    }
  });

  it('with a call of an unknown kind is none', () => {
    assert.equal(readSession(Uint8Array.of(0, 9, 1)), undefined);
  });

  it('is attached, or lies in rows under a number', () => {
    for (const state of [undefined, bytesOf('state')]) {
      assert.deepEqual(readAttachment(writeAttachment({ number: 300, state })), {
        number: 300,
        state,
      });
    }
    for (const bytes of [[], [1], [2, 0], [1, 0x80], [1, 7, 5]]) {
      assert.equal(readAttachment(Uint8Array.from(bytes)), undefined, bytes.join());
    }
  });
});

/** Goal: looking through a watch's message gives what decoding all of it would. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toBigInt, toNumber, WatchResponse } from '../../src/api/messages.ts';
import { DecodeError } from '../../src/lib/binary.ts';
import { scanWatchResponse } from '../../src/session/watch-scan.ts';

const revision = fc.maxSafeNat();
const kv = fc.record({
  key: fc.uint8Array({ maxLength: 10 }),
  value: fc.uint8Array({ maxLength: 200 }),
  create_revision: revision,
  mod_revision: revision,
  version: revision,
  lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});
const response = fc.record({
  header: fc.record({ cluster_id: fc.constant(2n ** 64n - 1n), revision, raft_term: revision }),
  watch_id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  created: fc.boolean(),
  canceled: fc.boolean(),
  compact_revision: revision,
  cancel_reason: fc.string(),
  fragment: fc.boolean(),
  events: fc.array(fc.record({ type: fc.constantFrom(0, 1), kv, prev_kv: kv }), { maxLength: 4 }),
});

describe('a look through a watch response', () => {
  it('finds what the whole says', () => {
    fc.assert(
      fc.property(response, (input) => {
        const body = WatchResponse.encode(input).finish();
        const whole = WatchResponse.decode(body);
        const last = whole.events.at(-1)?.kv;
        assert.deepEqual(scanWatchResponse(body), {
          watchId: toBigInt(whole.watch_id),
          revision: toNumber(whole.header?.revision ?? 0),
          next: last === undefined || last === null ? 0 : toNumber(last.mod_revision) + 1,
          created: whole.created,
          canceled: whole.canceled,
          fragment: whole.fragment,
        });
      }),
    );
  });

  it('refuses what ends too early', () => {
    const body = WatchResponse.encode({ header: { revision: 5 }, cancel_reason: 'why' }).finish();
    assert.throws(() => scanWatchResponse(body.subarray(0, body.length - 1)), DecodeError);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { resultLine } from '../../src/api/json.ts';
import { WatchCreateRequest, WatchResponse } from '../../src/api/messages.ts';
import { ByteWriter, DecodeError } from '../../src/lib/binary.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import {
  encodeToMember,
  readToMember,
  readToWorker,
  type ToMember,
  type ToWorker,
  writeToWorker,
} from '../../src/member/watch-bridge.ts';
import { watchLine, watchLineBytes } from '../../src/member/watch-json.ts';
import { EventBatch, WatchEvent } from '../../src/watch/event.ts';
import { MessageHeader, WatchMessage } from '../../src/watch/message.ts';
import { TestMember } from '../watch/harness.ts';

const id = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const revision = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 50 });

const toWorker: fc.Arbitrary<ToWorker> = fc.oneof(
  fc.record({
    kind: fc.constant('message' as const),
    watchId: id,
    revision,
    next: revision,
    created: fc.boolean(),
    canceled: fc.boolean(),
    fragment: fc.boolean(),
    line: bytes,
  }),
  fc.record({ kind: fc.constant('ask' as const) }),
  fc.record({ kind: fc.constant('position' as const), revision, behind: fc.array(id) }),
  fc.record({ kind: fc.constant('end' as const), code: fc.nat(16), message: fc.string() }),
);

const watcher = fc.record({
  id,
  next: revision,
  request: bytes.map((key) => WatchCreateRequest.create({ key })),
});
const toMember: fc.Arbitrary<ToMember> = fc.oneof(
  fc.record({ kind: fc.constant('request' as const), body: bytes }),
  fc.record({ kind: fc.constant('read' as const), count: fc.nat() }),
  fc.record({
    kind: fc.constant('resume' as const),
    resumption: fc.record({
      nextId: fc.nat(),
      sentRevision: revision,
      watchers: fc.array(watcher, { maxLength: 5 }),
    }),
  }),
);

describe('frames between Worker and member', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(toWorker), (items) => {
        const writer = new ByteWriter();
        for (const item of items) writeToWorker(writer, item);
        assert.deepEqual(plain(readToWorker(writer.finish())), plain(items));
      }),
    );
    fc.assert(
      fc.property(fc.array(toMember), (items) => {
        assert.deepEqual(plain(readToMember(encodeToMember(items))), plain(items));
      }),
    );
  });

  it('are refused when they end early or announce more than they hold', () => {
    assert.throws(() => readToWorker(Uint8Array.of(1, 0)), DecodeError);
    assert.throws(() => readToWorker(Uint8Array.of(3, 1, 100)), DecodeError);
    assert.throws(() => readToMember(Uint8Array.of(7, 0, 0, 100)), DecodeError);
    assert.throws(() => readToMember(Uint8Array.of(1)), DecodeError);
  });
});

/** Values alone: Longs and views of buffers carry more than that. */
function plain(items: readonly unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(items, (_, value: unknown) => {
      if (value instanceof Uint8Array) return byteString(value);
      return typeof value === 'bigint' ? value.toString() : value;
    }),
  );
}

const pair = fc.record({
  key: fc.uint8Array({ minLength: 1, maxLength: 40 }).map(byteString),
  value: fc.uint8Array({ maxLength: 200 }),
  createRevision: fc.nat(),
  modRevision: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  version: fc.nat(),
  lease: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
});

describe('a message as text', () => {
  it('is what the encoder of all messages makes of it, whatever an event holds', () => {
    const identity = { cluster_id: 2 ** 40, member_id: 7, raft_term: 3 };
    fc.assert(
      fc.property(
        fc.constantFrom('put' as const, 'delete' as const),
        pair,
        fc.option(pair, { nil: undefined }),
        (type, kv, previous) => {
          const batch = new EventBatch([new WatchEvent({ type, kv, sub: 0 }, previous)]);
          const message = new WatchMessage(new MessageHeader(identity, kv.modRevision), 3, batch);
          const line = resultLine(WatchResponse, message.message()).trimEnd();
          assert.equal(watchLine(message), line);
        },
      ),
    );
  });

  it('is the JSON of the whole message, whatever parts it was made of', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { prev_kv: true });
    client.watch('', { range_end: bytesOf('\0') });
    client.watch('b', { range_end: bytesOf('a') });
    client.watch('a', { start_revision: -1 });
    member.put('a', 'é');
    member.put('a', '');
    member.delete('a');
    client.progress();
    client.cancel(0);
    assert.ok(client.messages.length > 8);
    for (const message of client.messages) {
      const line = resultLine(WatchResponse, message.message()).trimEnd();
      assert.equal(watchLine(message), line);
      assert.equal(Buffer.from(watchLineBytes(message)).toString(), line);
    }
  });
});

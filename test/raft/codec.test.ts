import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter, DecodeError } from '../../src/lib/binary.ts';
import * as codec from '../../src/raft/codec.ts';
import { isMalformed, messageOf } from '../../src/raft/message.ts';
import {
  ConfChangeType,
  type ConfState,
  type Entry,
  EntryKind,
  type HardState,
  type Message,
  MessageType,
  NO_NODE,
  type SnapshotMeta,
} from '../../src/raft/types.ts';

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 40 });
const memberId = fc
  .bigInt({ min: 1n, max: (1n << 64n) - 1n })
  .map((value) => value.toString(16).padStart(16, '0'));
const memberIds = fc.array(memberId, { maxLength: 5 });
const entry: fc.Arbitrary<Entry> = fc.record({
  term: number,
  index: number,
  kind: fc.constantFrom(...Object.values(EntryKind)),
  data: bytes,
});
const confState: fc.Arbitrary<ConfState> = fc.record({
  voters: memberIds,
  learners: memberIds,
  votersOutgoing: memberIds,
  learnersNext: memberIds,
  autoLeave: fc.boolean(),
});
const snapshot: fc.Arbitrary<SnapshotMeta> = fc.record({ index: number, term: number, confState });
const hardState: fc.Arbitrary<HardState> = fc.record({
  term: number,
  vote: fc.oneof(fc.constant(NO_NODE), memberId),
  commit: number,
  leader: fc.boolean(),
});
const fields = fc.record(
  {
    term: number,
    logTerm: number,
    index: number,
    entries: fc.array(entry, { maxLength: 4 }),
    commit: number,
    reject: fc.boolean(),
    rejectHint: number,
    context: bytes,
    snapshot,
  },
  { requiredKeys: [] },
);
const type = fc.constantFrom(...Object.values(MessageType));
const messages: fc.Arbitrary<Message[]> = fc
  .tuple(memberId, memberId, fc.array(fc.tuple(type, fields), { maxLength: 5 }))
  .map(([from, to, list]) => list.map(([each, more]) => messageOf(each, from, to, more)));

/** Decoded bytes are views with an offset; compare contents. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Uint8Array ? Buffer.from(each).toString('hex') : each,
    ),
  );
}

function roundTrip<T>(
  value: T,
  write: (writer: ByteWriter, value: T) => void,
  read: (reader: ByteReader) => T,
): void {
  const writer = new ByteWriter();
  write(writer, value);
  const reader = new ByteReader(writer.finish());
  assert.deepEqual(plain(read(reader)), plain(value));
  assert.ok(reader.done);
}

describe('round trip', () => {
  test('entries', () => {
    fc.assert(
      fc.property(fc.array(entry), (value) =>
        roundTrip(value, codec.writeEntries, codec.readEntries),
      ),
    );
  });
  test('hard state', () => {
    fc.assert(
      fc.property(hardState, (value) =>
        roundTrip(value, codec.writeHardState, codec.readHardState),
      ),
    );
  });
  test('snapshot point and configuration', () => {
    fc.assert(
      fc.property(snapshot, (value) =>
        roundTrip(value, codec.writeSnapshotMeta, codec.readSnapshotMeta),
      ),
    );
  });
  test('conf change', () => {
    const step = fc.record({
      type: fc.constantFrom(...Object.values(ConfChangeType)),
      node: memberId,
    });
    const change = fc.record({
      steps: fc.array(step, { maxLength: 5 }),
      transition: fc.constantFrom('auto' as const, 'explicit' as const),
      context: bytes,
    });
    fc.assert(
      fc.property(change, (value) => {
        const decoded = codec.decodeConfChange(codec.encodeConfChange(value));
        assert.deepEqual(plain(decoded), plain(value));
      }),
    );
  });
  test('messages, within the size that was announced', () => {
    fc.assert(
      fc.property(messages, (value) => {
        const frame = codec.encodeMessages(value);
        assert.deepEqual(plain(codec.decodeMessages(frame)), plain(value));
        const announced = value.reduce((sum, each) => sum + codec.messageBytes(each), 0);
        assert.ok(frame.length <= announced + 32, `${frame.length} bytes, announced ${announced}`);
      }),
    );
  });
});

describe('bad input', () => {
  const decoders: readonly [string, (input: Uint8Array) => unknown][] = [
    ['messages', codec.decodeMessages],
    ['conf change', codec.decodeConfChange],
    ['entries', (input) => codec.readEntries(new ByteReader(input))],
    ['snapshot', (input) => codec.readSnapshotMeta(new ByteReader(input))],
    ['hard state', (input) => codec.readHardState(new ByteReader(input))],
  ];

  for (const [name, decode] of decoders) {
    test(`${name}: random bytes give a value or a DecodeError`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (input) => onlyDecodeErrors(decode, input)),
        { numRuns: 2000 },
      );
    });
  }

  test('a frame with bytes changed or cut gives messages or a DecodeError', () => {
    const damage = fc.tuple(messages, fc.nat(), fc.nat(255), fc.nat());
    fc.assert(
      fc.property(damage, ([value, at, byte, cut]) => {
        const frame = codec.encodeMessages(value);
        frame[at % frame.length] = byte;
        onlyDecodeErrors(codec.decodeMessages, frame.subarray(0, cut % (frame.length + 1)));
        onlyDecodeErrors((input) => codec.decodeMessages(input).filter(isMalformed), frame);
      }),
      { numRuns: 2000 },
    );
  });

  test('every shorter frame is refused', () => {
    const [from, to] = ['000000000000000a', '000000000000000b'];
    const heartbeat = messageOf(MessageType.heartbeat, from, to, {
      term: 3,
      commit: 9,
      logTerm: 2,
    });
    const frame = codec.encodeMessages([heartbeat, heartbeat]);
    for (let length = 0; length < frame.length; length++) {
      assert.throws(() => codec.decodeMessages(frame.subarray(0, length)), DecodeError);
    }
    assert.throws(() => codec.decodeMessages(new Uint8Array([...frame, 0])), /1 bytes too many/);
    assert.throws(() => codec.decodeMessages(new Uint8Array([9])), /format 9, known is 1/);
  });

  test('a count larger than the input is refused before anything is allocated', () => {
    const writer = new ByteWriter();
    writer.varint(Number.MAX_SAFE_INTEGER);
    assert.throws(() => codec.readEntries(new ByteReader(writer.finish())), DecodeError);
  });

  test('a frame is between two members, and ids are 16 digits', () => {
    const [a, b] = ['000000000000000a', '000000000000000b'];
    const wake = (from: string, to: string) => messageOf(MessageType.wake, from, to, {});
    assert.throws(() => codec.encodeMessages([wake(a, b), wake(b, a)]), RangeError);
    assert.throws(() => codec.encodeMessages([wake('a', b)]), /not 16 lower-case/);
  });
});

function onlyDecodeErrors(decode: (input: Uint8Array) => unknown, input: Uint8Array): void {
  try {
    decode(input);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
  }
}

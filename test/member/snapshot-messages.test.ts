import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../src/lib/binary.ts';
import {
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  encodeSnapshotRequest,
  PAGES_END,
  type SnapshotRequest,
  SnapshotStep,
} from '../../src/member/snapshot-messages.ts';

/** With the prototype that decoders give. */
function plainRecord<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record<T>(model, { noNullPrototype: true });
}

const number = fc.oneof(fc.nat(1_000), fc.maxSafeNat());
const id = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((b) => Buffer.from(b).toString('hex'));
const ids = fc.array(
  id.filter((text) => !/^0+$/.test(text)),
  { maxLength: 4 },
);
const bytes = fc.uint8Array({ maxLength: 300, size: 'max' });
const transfer = id;
const meta = plainRecord({
  index: number,
  term: number,
  confState: plainRecord({
    voters: ids,
    learners: ids,
    votersOutgoing: ids,
    learnersNext: ids,
    autoLeave: fc.boolean(),
  }),
});
const request: fc.Arbitrary<SnapshotRequest> = fc.oneof(
  plainRecord({
    step: fc.constant(SnapshotStep.begin),
    transfer,
    meta,
    revision: number,
    compactRevision: fc.oneof(fc.constant(-1), fc.nat(1_000_000)),
    state: bytes,
  }),
  plainRecord({
    step: fc.constant(SnapshotStep.chunk),
    transfer,
    position: number,
    next: fc.oneof(number, fc.constant(PAGES_END)),
    pages: fc.array(bytes, { maxLength: 5 }),
  }),
  plainRecord({ step: fc.constant(SnapshotStep.finish), transfer, frame: bytes }),
);

function refused(body: Uint8Array): boolean {
  try {
    decodeSnapshotRequest(body);
    return false;
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return true;
  }
}

describe('snapshot messages', () => {
  it('say after decoding what was encoded', () => {
    fc.assert(
      fc.property(request, (original) => {
        assert.deepEqual(decodeSnapshotRequest(encodeSnapshotRequest(original)), original);
      }),
    );
    for (const expected of [0, 1, 127, 128, 2 ** 40, PAGES_END]) {
      assert.equal(decodeSnapshotAnswer(encodeSnapshotAnswer(expected)), expected);
    }
  });

  it('are refused when cut short or longer than they should be', () => {
    fc.assert(
      fc.property(request, fc.nat(), (original, seed) => {
        const encoded = encodeSnapshotRequest(original);
        assert.ok(refused(encoded.subarray(0, seed % encoded.length)));
        assert.ok(refused(Uint8Array.of(...encoded, 0)));
      }),
    );
  });

  it('never fail in another way than DecodeError, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void refused(noise)));
    fc.assert(
      fc.property(request, fc.nat(), fc.nat(255), (original, at, value) => {
        const encoded = encodeSnapshotRequest(original);
        encoded[at % encoded.length] = value;
        refused(encoded);
      }),
    );
  });

  it('do not keep the buffer that state and frame came in', () => {
    const encoded = encodeSnapshotRequest({
      step: SnapshotStep.finish,
      transfer: 't',
      frame: Uint8Array.of(1, 2, 3),
    });
    const decoded = decodeSnapshotRequest(encoded);
    encoded.fill(0);
    assert.ok(decoded.step === SnapshotStep.finish);
    assert.deepEqual(decoded.frame, Uint8Array.of(1, 2, 3));
  });
});

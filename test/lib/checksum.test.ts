import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checksum32 } from '../../src/lib/checksum.ts';
import { crc32c } from '../../src/lib/crc32c.ts';
import { concatBytes } from '../../src/lib/bytes.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The sanity buffer of xxHash's own self test: the high bytes of a multiplicative sequence. */
function sanityBuffer(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 2654435761n;
  for (let at = 0; at < length; at++) {
    bytes[at] = Number((state >> 56n) & 0xffn);
    state = BigInt.asUintN(64, state * 11400714785074694797n);
  }
  return bytes;
}

describe('checksum32', () => {
  const known: [Uint8Array, number, number][] = [
    [text(''), 0, 0x02cc5d05],
    [text('a'), 0, 0x550d7456],
    [text('abc'), 0, 0x32d153ff],
    [text('Nobody inspects the spammish repetition'), 0, 0xe2293b2f],
    [sanityBuffer(0), 0x9e3779b1, 0x36b78ae7],
    [sanityBuffer(1), 0, 0xcf65b03e],
    [sanityBuffer(1), 0x9e3779b1, 0xb4545aa4],
    [sanityBuffer(14), 0, 0x1208e7e2],
    [sanityBuffer(14), 0x9e3779b1, 0x6af1d1fe],
    [sanityBuffer(222), 0, 0x5bd11dbd],
    [sanityBuffer(222), 0x9e3779b1, 0x58803c5f],
  ];
  for (const [bytes, seed, expected] of known) {
    it(`of ${bytes.length} bytes with seed ${seed} is ${expected.toString(16)}`, () => {
      assert.equal(checksum32(bytes, seed).toString(16), expected.toString(16));
    });
  }

  it('does not depend on where the bytes lie in their buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), (bytes, offset) => {
        const shifted = new Uint8Array(bytes.length + offset);
        shifted.set(bytes, offset);
        assert.equal(checksum32(shifted.subarray(offset)), checksum32(bytes));
      }),
    );
  });

  it('changes with any single flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (bytes, pick) => {
        const flipped = bytes.slice();
        const bit = pick % (8 * bytes.length);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.notEqual(checksum32(flipped), checksum32(bytes));
      }),
    );
  });
});

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the usual check value.
  const known: [string, Uint8Array, number][] = [
    ['nothing', text(''), 0],
    ['123456789', text('123456789'), 0xe3069283],
    ['32 zero bytes', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 ascending bytes', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    ['32 descending bytes', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
  ];
  for (const [name, bytes, expected] of known) {
    it(`of ${name} is ${expected.toString(16)}`, () => {
      assert.equal(crc32c(bytes).toString(16), expected.toString(16));
    });
  }

  it('continues from the value of what came before', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (left, right) => {
        assert.equal(crc32c(right, crc32c(left)), crc32c(concatBytes([left, right])));
      }),
    );
  });

  it('equals the bit-by-bit division', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        let crc = 0xffffffff;
        for (const byte of bytes) {
          crc ^= byte;
          for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
        }
        assert.equal(crc32c(bytes), ~crc >>> 0);
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  Base64Error,
  decodeBase64,
  decodeByTable,
  encodeBase64,
  encodeByTable,
} from '../../src/lib/base64.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 80, maxLength: 800, size: 'max' }),
);

describe('encodeBase64', () => {
  it("agrees with Node's Buffer", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        assert.equal(encodeBase64(value), Buffer.from(value).toString('base64'));
        assert.equal(encodeByTable(value), Buffer.from(value).toString('base64'));
      }),
    );
  });

  it('agrees with it on lengths around the part size', () => {
    for (const length of [96, 97, 99, 12_287, 12_288, 12_289, 12_291, 40_000]) {
      const value = Uint8Array.from({ length }, (_, at) => (at * 89) & 0xff);
      assert.equal(encodeByTable(value), Buffer.from(value).toString('base64'));
    }
  });
});

describe('decodeBase64', () => {
  it('undoes encodeBase64, with either alphabet, padded or not', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const padded = encodeBase64(value);
        const unpadded = padded.replaceAll('=', '');
        for (const text of [padded, unpadded]) {
          const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_');
          for (const decode of [decodeBase64, decodeByTable]) {
            assert.deepEqual(decode(text), value);
            assert.deepEqual(decode(urlSafe), value);
          }
        }
      }),
    );
  });

  it('passes over line breaks, as Go does', () => {
    for (const text of ['YQ\n==', 'YQ=\n=', 'YQ==\r\n', '\nYQ==', 'Y\nQ']) {
      assert.deepEqual(decodeBase64(text), new Uint8Array([0x61]), JSON.stringify(text));
    }
  });

  it('does not mind bits that the padding makes meaningless', () => {
    assert.deepEqual(decodeBase64('YR=='), new Uint8Array([0x61]));
  });

  const wrong: readonly (readonly [string, number])[] = [
    ['Y', 0],
    ['YWJjY', 4],
    ['Y Q=', 1],
    ['Y===', 1],
    ['YQ=', 2],
    ['YQ===', 2],
    ['YWJj=', 4],
    ['====', 0],
    ['!!!!', 0],
    ['YWJj!AAA', 4],
    ['YWJjYQ=A', 6],
    ['+/-_', 0],
    ['-_+/', 2],
    ['é', 0],
    ['YQé=', 2],
    ['YWJj\nYWJj!', 9],
    [`${'A'.repeat(600)}é`, 600],
    ['YQ\t==', 2],
  ];
  for (const [text, offset] of wrong) {
    it(`refuses ${JSON.stringify(text.slice(-12))} at byte ${offset}`, () => {
      for (const decode of [decodeBase64, decodeByTable]) {
        assert.throws(() => decode(text), {
          name: 'Base64Error',
          message: `illegal base64 data at input byte ${offset}`,
        });
      }
    });
  }

  it('gives bytes or a Base64Error for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('A', 'z', '0', '+', '/', '-', '_', '=', '\n', '\r', ' ', 'é'),
      }),
    );
    fc.assert(
      fc.property(text, (value) => {
        let decoded: Uint8Array;
        try {
          decoded = decodeBase64(value);
        } catch (error) {
          assert.ok(error instanceof Base64Error);
          return;
        }
        assert.deepEqual(decoded, new Uint8Array(Buffer.from(value, 'base64')));
      }),
      { numRuns: 2000 },
    );
  });
});

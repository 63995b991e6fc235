import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Code, StatusError } from '../../src/api/errors.ts';
import { JsonSplitter } from '../../src/api/json.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/lib/utf8.ts';

/** The values that come out of `chunks`, as texts without the blanks around them. */
function split(chunks: readonly Uint8Array[]): string[] {
  const splitter = new JsonSplitter();
  const values = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.end();
  return [...values, ...(last === undefined ? [] : [last])].map((value) =>
    (decodeUtf8(value) ?? '').trim(),
  );
}

describe('JsonSplitter', () => {
  it('finds the values however the bytes arrive', () => {
    const value = fc
      .oneof(fc.object(), fc.array(fc.anything({ maxDepth: 1 })), fc.string(), fc.integer())
      .map((item) => JSON.stringify(item));
    const blank = fc.constantFrom('\n', ' ', '\r\n', '  ');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, blank), { maxLength: 5 }),
        fc.array(fc.nat(400)),
        (values, cuts) => {
          const bytes = encodeUtf8(values.flat().join(''));
          const at = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length];
          at.sort((left, right) => left - right);
          const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
          assert.deepEqual(
            split(chunks),
            values.map(([text]) => text),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('needs no blank between objects', () => {
    assert.deepEqual(split([encodeUtf8('{"a":"}\\"{"}{}[1]{"b":[{}]}')]), [
      '{"a":"}\\"{"}',
      '{}',
      '[1]',
      '{"b":[{}]}',
    ]);
  });

  it('gives each value as soon as it is complete', () => {
    const splitter = new JsonSplitter();
    assert.deepEqual(splitter.push(encodeUtf8('{"a"')), []);
    assert.deepEqual(splitter.push(encodeUtf8(':1}')), [encodeUtf8('{"a":1}')]);
    assert.equal(splitter.end(), undefined);
  });

  it('hands on what is not JSON, for the decoder to refuse', () => {
    assert.deepEqual(split([encodeUtf8('} ]x {"a"')]), ['}', ']', 'x', '{"a"']);
  });

  it('refuses a value that is too long', () => {
    const splitter = new JsonSplitter(8);
    assert.equal(splitter.push(encodeUtf8('[1,2,3]\n[1,2,3]')).length, 2);
    assert.deepEqual(splitter.push(encodeUtf8('{"a":')), []);
    assert.throws(
      () => splitter.push(encodeUtf8('1234')),
      (error) =>
        error instanceof StatusError &&
        error.code === Code.ResourceExhausted &&
        error.message === 'grpc: received message larger than max (9 vs. 8)',
    );
  });
});

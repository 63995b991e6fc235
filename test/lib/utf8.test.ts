import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, encodeUtf8 } from '../../src/lib/utf8.ts';

describe('UTF-8', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(decodeUtf8(encodeUtf8(text)), text);
      }),
    );
  });

  it('keeps a byte order mark, which is not JSON and must be seen', () => {
    assert.equal(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b])), '\ufeff{');
  });

  it('is undefined for bytes that are none: stray, overlong, surrogate, cut off', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      assert.equal(decodeUtf8(new Uint8Array(bytes)), undefined);
    }
  });
});

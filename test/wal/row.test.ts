import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CorruptWalError, readChecked, readHead, sealed } from '../../src/wal/row.ts';

describe('rows of the log', () => {
  it('give CorruptWalError and nothing else on heads that no writer wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), fc.nat(), (bytes, seal, row) => {
        const head = seal ? sealed(row, (writer) => writer.raw(bytes)) : bytes;
        try {
          readHead('wal', { id: row, head });
        } catch (error) {
          assert.ok(error instanceof CorruptWalError, String(error));
          assert.equal(error.row, row);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('say what was found and what was expected', () => {
    const bytes = sealed(9, (writer) => writer.varint(5));
    assert.equal(
      readChecked('wal', 9, bytes, (reader) => reader.varint()),
      5,
    );
    assert.throws(() => readChecked('wal', 8, bytes, (reader) => reader.varint()), {
      name: 'CorruptWalError',
      message: /^read row 8 of wal: checksum is [0-9a-f]{8}, expected [0-9a-f]{8}$/,
    });
    assert.throws(() => readChecked('wal', 9, bytes, () => 0), /1 bytes too many/);
  });
});

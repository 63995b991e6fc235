import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ByteReader } from '../../src/lib/binary.ts';
import { EMPTY_BYTES } from '../../src/lib/bytes.ts';
import { readNote, writeNote } from '../../src/lib/note-row.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';

const read = (reader: ByteReader): number[] => [reader.varint(), reader.varint()];

function noted(): MemoryRowStore {
  const rows = new MemoryRowStore();
  writeNote(rows, 'notes', 3, (writer) => {
    writer.varint(7);
    writer.varint(1_790_000_000_000);
  });
  return rows;
}

describe('a note', () => {
  it('is read as it was written', () => {
    assert.deepEqual(readNote(noted(), 'notes', 3, read), [7, 1_790_000_000_000]);
    assert.equal(readNote(noted(), 'notes', 4, read), undefined);
  });

  it('with any bit flipped, or any byte missing, counts as absent', () => {
    const { head = EMPTY_BYTES } = noted().get('notes', 3) ?? {};
    for (let bit = 0; bit < head.length * 8; bit++) {
      const rows = noted();
      const broken = head.slice();
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      rows.put('notes', 3, broken, EMPTY_BYTES);
      assert.equal(readNote(rows, 'notes', 3, read), undefined, `bit ${bit}`);
    }
    for (let length = 0; length < head.length; length++) {
      const rows = noted();
      rows.put('notes', 3, head.slice(0, length), EMPTY_BYTES);
      assert.equal(readNote(rows, 'notes', 3, read), undefined, `${length} bytes`);
    }
  });

  it('of another place, or of a version that wrote less, counts as absent', () => {
    const rows = noted();
    const { head = EMPTY_BYTES } = rows.get('notes', 3) ?? {};
    rows.put('notes', 4, head, EMPTY_BYTES);
    assert.equal(readNote(rows, 'notes', 4, read), undefined);
    const more = (reader: ByteReader): number[] => [...read(reader), reader.varint()];
    assert.equal(readNote(rows, 'notes', 3, more), undefined);
  });

  it('does not hide what is wrong with its reader', () => {
    const fail = (): never => {
      throw new TypeError('a bug');
    };
    assert.throws(() => readNote(noted(), 'notes', 3, fail), TypeError);
  });
});

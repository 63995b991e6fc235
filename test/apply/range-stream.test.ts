import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RangeRequest, type RangeResponseInput } from '../../src/api/messages.ts';
import { decodeCursor, encodeCursor, type RangeCursor } from '../../src/apply/range-stream.ts';
import { decoded, Harness, keysOf, put, range } from './harness.ts';

const KEYS = 100;

function filled(valueBytes = 1): Harness {
  const machine = new Harness();
  const ops = Array.from({ length: KEYS }, (_, at) => ({
    request_put: put(`k${String(at).padStart(3, '0')}`, 'v'.repeat(valueBytes)),
  }));
  machine.txn({ success: ops });
  return machine;
}

function stream(machine: Harness, ...args: Parameters<typeof range>): RangeResponseInput[] {
  return [...machine.state.rangeStream(decoded(RangeRequest, range(...args)))];
}

function sizes(pages: readonly RangeResponseInput[]): (number | undefined)[] {
  return pages.map((page) => page.kvs?.length);
}

describe('range stream (rule G13)', () => {
  it('G13: pages begin with 10 keys and double; together they are the range', () => {
    const machine = filled();
    const pages = stream(machine, 'k', '\0');
    assert.deepEqual(sizes(pages), [10, 20, 40, 30]);
    assert.equal(keysOf(pages.flatMap((page) => page.kvs ?? [])), machine.keys('k', '\0'));
  });

  it('G13: header, more and count are on the last page only', () => {
    const pages = stream(filled(), 'k', '\0');
    for (const page of pages.slice(0, -1)) assert.deepEqual(Object.keys(page), ['kvs']);
    const last = pages.at(-1);
    assert.deepEqual([last?.header, last?.more, last?.count], [{ revision: 2 }, false, KEYS]);
  });

  it('G13: a limit ends the stream with more and the count of all', () => {
    const pages = stream(filled(), 'k', '\0', { limit: 25 });
    assert.deepEqual(sizes(pages), [10, 15]);
    assert.deepEqual([pages.at(-1)?.more, pages.at(-1)?.count], [true, KEYS]);
  });

  it('G13: a limit of exactly what there is leaves no more', () => {
    const pages = stream(filled(), 'k', '\0', { limit: KEYS });
    assert.deepEqual([pages.at(-1)?.more, pages.at(-1)?.count], [false, KEYS]);
  });

  it('G13: a negative limit is none', () => {
    assert.equal(
      stream(filled(), 'k', '\0', { limit: -3 }).flatMap((page) => page.kvs).length,
      KEYS,
    );
  });

  it('G13: an empty range is one page', () => {
    const pages = stream(filled(), 'x', '\0');
    assert.deepEqual(pages, [{ header: { revision: 2 }, kvs: [], more: false, count: 0 }]);
  });

  it('G13: count_only is one page', () => {
    const pages = stream(filled(), 'k', '\0', { count_only: true });
    assert.deepEqual(pages, [{ header: { revision: 2 }, kvs: [], more: false, count: KEYS }]);
  });

  it('G13: writes during the stream are not in it', () => {
    const machine = filled();
    const pages = machine.state.rangeStream(decoded(RangeRequest, range('k', '\0')));
    const first = pages.next().value as RangeResponseInput;
    machine.delete('k050');
    machine.put('k051', 'changed');
    machine.put('k0999', 'new');
    const rest = [...pages];
    assert.equal((first.kvs?.length ?? 0) + rest.flatMap((page) => page.kvs).length, KEYS);
    assert.deepEqual(rest.at(-1)?.header, { revision: 2 });
  });

  it('G13: compaction beyond the pinned revision ends the stream with an error', () => {
    const machine = filled();
    const pages = machine.state.rangeStream(decoded(RangeRequest, range('k', '\0')));
    pages.next();
    machine.put('k', '');
    machine.done({ compaction: { revision: 3 } });
    assert.throws(() => pages.next(), /required revision has been compacted/);
  });

  it('G13: a future revision is refused at once', () => {
    assert.throws(() => stream(filled(), 'k', '\0', { revision: 3 }), /future revision/);
  });

  it('G13: large values halve the pages', () => {
    const machine = filled(400_000);
    const pages = stream(machine, 'k', '\0');
    assert.deepEqual(sizes(pages).slice(0, 3), [10, 5, 5]);
  });

  it('keys_only leaves the values out', () => {
    const pages = stream(filled(), 'k', '\0', { keys_only: true });
    assert.ok(pages.every((page) => page.kvs?.every((kv) => kv.value === undefined)));
  });

  it('goes on at a cursor that travelled as bytes, at any page', () => {
    const machine = filled();
    const request = decoded(RangeRequest, range('k', '\0'));
    let cursor: RangeCursor | undefined;
    const kvs = [];
    do {
      const page = machine.state.rangePage(request, cursor);
      kvs.push(...(page.response.kvs ?? []));
      cursor = page.next && decodeCursor(encodeCursor(page.next));
    } while (cursor !== undefined);
    assert.equal(keysOf(kvs), machine.keys('k', '\0'));
  });
});

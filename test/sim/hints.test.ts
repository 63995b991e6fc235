import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InternalRequest } from '../../src/api/messages.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { type Entry, EntryKind } from '../../src/raft/types.ts';
import { Hints } from './hints.ts';
import { History } from './history.ts';
import type { Outcome, Request } from './kv.ts';

const LOST: Outcome = { kind: 'unknown', error: 'timeout' };

function entryOf(index: number, request: Request): Entry {
  assert.ok(request.kind === 'put' || request.kind === 'delete');
  const key = bytesOf(request.key);
  const fields =
    request.kind === 'put'
      ? { put: { key, value: bytesOf(request.value) } }
      : { delete_range: { key } };
  const data = InternalRequest.encode(fields).finish();
  return { index, term: 1, kind: EntryKind.normal, data };
}

test('deletions of one key: revisions that were answered leave the others to those without an answer', () => {
  const deletion: Request = { kind: 'delete', key: 'a' };
  const history = new History();
  const hints = new Hints();
  const answered = history.begin('c', deletion, 0);
  history.end(
    answered,
    { kind: 'ok', result: { kind: 'delete', revision: 3, deleted: 1, prevs: [] } },
    0,
  );
  const lost = history.begin('c', deletion, 0);
  history.end(lost, LOST, 0);
  for (const revision of [3, 5]) hints.note(entryOf(revision, deletion), revision);
  const guess = hints.over(history.calls);
  assert.equal(guess(3), undefined);
  assert.equal(guess(5), lost.id);
});

test('what was never confirmed is a guess as long as nothing better is known', () => {
  const history = new History();
  const [first, second] = ['1', '2'].map((value) => {
    const request: Request = { kind: 'put', key: 'a', value };
    const call = history.begin('c', request, 0);
    history.end(call, LOST, 0);
    return { id: call.id, entry: entryOf(2, request) };
  });
  assert.ok(first !== undefined && second !== undefined);
  const hints = new Hints();
  hints.noteEarly(first.entry, 2);
  assert.equal(hints.over(history.calls)(2), first.id);
  hints.note(second.entry, 2);
  hints.noteEarly(first.entry, 2);
  assert.equal(hints.over(history.calls)(2), second.id);
});

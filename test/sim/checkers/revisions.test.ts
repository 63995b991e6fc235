import { test } from 'node:test';
import { empty, get, inSequence, lost, put, stale, wrote } from './history-support.ts';
import { checkRevisions, PROPERTY } from './revisions.ts';
import { violates } from './support.ts';

test('rising revisions, stale reads and lost writes are fine', () => {
  checkRevisions(
    inSequence(
      [put('a', '1'), wrote(2)],
      [put('a', '2'), lost],
      [put('a', '3'), wrote(4)],
      [stale('a'), empty(2)],
      [get('b'), empty(4)],
    ),
  );
});

test('a revision that is reused is found', () => {
  violates(PROPERTY, () => {
    checkRevisions(inSequence([put('a', '1'), wrote(2)], [put('b', '1'), wrote(2)]));
  });
});

test('a revision that goes back is found, for a read and for a write', () => {
  violates(PROPERTY, () => {
    checkRevisions(inSequence([put('a', '1'), wrote(3)], [get('a'), empty(2)]));
  });
  violates(PROPERTY, () => {
    checkRevisions(inSequence([get('a'), empty(5)], [put('a', '1'), wrote(4)]));
  });
});

import { test } from 'node:test';
import { COMPACTED, FUTURE_REVISION, type Outcome, type Request } from '../kv.ts';
import { empty, failed, get, inSequence, lost, put, wrote } from './history-support.ts';
import { checkOldReads, PROPERTY } from './old-reads.ts';
import { violates } from './support.ts';

const compact = (revision: number): Request => ({ kind: 'compact', revision });
const compacted = (revision: number): Outcome => ({
  kind: 'ok',
  result: { kind: 'compact', revision },
});

test('served before a compaction, refused after it, and at it served', () => {
  checkOldReads(
    inSequence(
      [put('a', '1'), wrote(2)],
      [put('a', '2'), wrote(3)],
      [get('b', 2), empty(3)],
      [compact(3), compacted(3)],
      [get('b', 2), failed(COMPACTED)],
      [get('b', 3), empty(3)],
      [get('b', 4), failed(FUTURE_REVISION)],
    ),
  );
});

test('a compaction of unknown fate may refuse and may serve', () => {
  checkOldReads(inSequence([compact(3), lost], [get('b', 2), failed(COMPACTED)]));
  checkOldReads(inSequence([compact(3), lost], [get('b', 2), empty(3)]));
});

test('a read served after the compaction that covers it is found', () => {
  violates(PROPERTY, () => {
    checkOldReads(inSequence([compact(3), compacted(3)], [get('b', 2), empty(3)]));
  });
});

test('a refusal that nobody caused is found', () => {
  violates(PROPERTY, () => {
    checkOldReads(inSequence([compact(3), compacted(5)], [get('b', 4), failed(COMPACTED)]));
  });
  violates(PROPERTY, () => {
    checkOldReads(inSequence([compact(3), failed('no leader')], [get('b', 2), failed(COMPACTED)]));
  });
});

test('a known revision that is called a future one is found', () => {
  violates(PROPERTY, () => {
    checkOldReads(inSequence([put('a', '1'), wrote(2)], [get('a', 2), failed(FUTURE_REVISION)]));
  });
});

/** Goal: each checker of levels of consistency accepts a good history and finds each way in which it can be bad. */
import { describe, it } from 'node:test';
import { FUTURE_REVISION } from '../kv.ts';
import { CommitTimes, type Level, type LevelRead, type ServedRead } from '../levels/record.ts';
import { checkInTime, PROPERTY as IN_TIME } from './level-in-time.ts';
import { checkLabels, PROPERTY as LABEL } from './level-label.ts';
import { checkMaxStaleness, PROPERTY as STALENESS } from './level-max-staleness.ts';
import { checkMinRevision, PROPERTY as MIN_REVISION } from './level-min-revision.ts';
import { checkMonotonic, PROPERTY as MONOTONIC } from './level-monotonic.ts';
import { violates } from './support.ts';

let orders = 0;

function read(
  level: Partial<Level>,
  served: Partial<ServedRead>,
  fields: Partial<Omit<LevelRead, 'level' | 'served'>> = {},
): LevelRead {
  return {
    client: 'r',
    member: 'a',
    level: { linearizable: false, minRevision: 0, maxStalenessMs: Infinity, ...level },
    known: 5,
    life: 1,
    arrivedAtMs: 1_000,
    ...fields,
    served: {
      atMs: 1_000,
      order: orders++,
      revision: 5,
      error: undefined,
      stalenessMs: undefined,
      applied: 5,
      clock: { share: 1, unseenMs: 0 },
      standstillMs: 0,
      ...served,
    },
  };
}

const refused = { revision: undefined, error: FUTURE_REVISION };

/** Revision 5 was committed at 500 ms, 6 at 900 ms. */
function commits(): CommitTimes {
  const times = new CommitTimes();
  times.note(5, 500);
  times.note(6, 900);
  // Another member comes there later.
  times.note(5, 950);
  return times;
}

describe('reads of at least a revision', () => {
  it('may show it or a later one, and wait for what nobody knows', () => {
    checkMinRevision([
      read({ minRevision: 5 }, {}),
      read({ minRevision: 4 }, {}),
      read({ minRevision: 6 }, refused),
    ]);
  });

  it('never show an earlier one', () => {
    violates(MIN_REVISION, () => {
      checkMinRevision([read({ minRevision: 6 }, {})]);
    });
  });

  it('are not refused what was known, or what the member has', () => {
    violates(MIN_REVISION, () => {
      checkMinRevision([read({ minRevision: 5 }, refused)]);
    });
    violates(MIN_REVISION, () => {
      checkMinRevision([read({ minRevision: 7 }, { ...refused, applied: 7 })]);
    });
  });
});

describe('reads of bounded staleness', () => {
  it('may lack what was committed within the bound, as the clock has it', () => {
    checkMaxStaleness(
      [
        read({ maxStalenessMs: 100 }, {}),
        read({ maxStalenessMs: 70 }, { clock: { share: 0.7, unseenMs: 0 } }),
        read({ maxStalenessMs: 0 }, { clock: { share: 1, unseenMs: 100 } }),
        read({ maxStalenessMs: 0 }, { revision: 6 }),
        read({}, { revision: 1 }),
      ],
      commits(),
    );
  });

  it('never lack what is older', () => {
    violates(STALENESS, () => {
      checkMaxStaleness([read({ maxStalenessMs: 97 }, {})], commits());
    });
    violates(STALENESS, () => {
      checkMaxStaleness([read({ maxStalenessMs: 400 }, { revision: 4 })], commits());
    });
  });
});

describe('labels of staleness', () => {
  it('may say more than is true, or nothing', () => {
    checkLabels(
      [read({}, { stalenessMs: 500 }), read({}, { revision: 1 }), read({}, { stalenessMs: 99 })],
      commits(),
    );
  });

  it('never say less', () => {
    violates(LABEL, () => {
      checkLabels([read({}, { stalenessMs: 97 })], commits());
    });
    violates(LABEL, () => {
      checkLabels([read({ linearizable: true }, { revision: 4, stalenessMs: 400 })], commits());
    });
  });
});

describe('reads at a member', () => {
  it('may go back after its memory was lost, not within one life', () => {
    checkMonotonic([read({}, {}), read({}, {}), read({}, { revision: 4 }, { life: 2 })]);
    violates(MONOTONIC, () => {
      checkMonotonic([read({}, {}), read({}, { revision: 4 })]);
    });
  });

  it('are compared in the order in which they were served', () => {
    const late = read({}, { revision: 6, order: 1_001 });
    checkMonotonic([late, read({}, { order: 1_000 })]);
  });
});

describe('reads in time', () => {
  it('are answered or refused by the deadline, as the clock has it', () => {
    checkInTime([
      read({}, { ...refused, atMs: 8_000 }),
      read({}, { ...refused, atMs: 11_000, standstillMs: 3_000 }),
      read({}, { ...refused, atMs: 11_000, clock: { share: 0.7, unseenMs: 0 } }),
    ]);
  });

  it('are not left waiting', () => {
    violates(IN_TIME, () => {
      checkInTime([read({}, { ...refused, atMs: 9_000 })]);
    });
  });
});

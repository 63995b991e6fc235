/** Goal: the checkers of a cluster at rest accept what it owes, and find each way in which it can fail to give it. */
import { describe, it } from 'node:test';
import {
  checkEndAtRest,
  checkLeadershipKept,
  checkStateKept,
  checkWatchAtRest,
  END_PROPERTY,
  LEADERSHIP_PROPERTY,
  type RestStory,
  STATE_PROPERTY,
  WATCH_PROPERTY,
} from './rest.ts';
import { failed, wrote } from './history-support.ts';
import { violates } from './support.ts';

const story: RestStory = {
  lease: { boundMs: 1_000, endedMs: 999 },
  write: { outcome: wrote(7), elections: 0, tookMs: 5 },
  reads: [{ member: 'm1', slept: 7, outcome: wrote(7) }],
  heard: 8,
  due: 7,
};

describe('a cluster at rest', () => {
  it('ends leases, keeps its leader and its state, and tells watches', () => {
    const checks = [checkEndAtRest, checkLeadershipKept, checkStateKept, checkWatchAtRest];
    for (const check of checks) {
      check(story);
      check({ ...story, lease: undefined, write: undefined, reads: [] });
    }
  });

  it('does not end a lease late, or never', () => {
    for (const endedMs of [1_001, undefined]) {
      violates(END_PROPERTY, () => {
        checkEndAtRest({ ...story, lease: { boundMs: 1_000, endedMs } });
      });
    }
  });

  it('does not elect for the first write, nor fail it', () => {
    violates(LEADERSHIP_PROPERTY, () => {
      checkLeadershipKept({ ...story, write: { outcome: wrote(7), elections: 1, tookMs: 5 } });
    });
    violates(LEADERSHIP_PROPERTY, () => {
      const outcome = failed('etcdserver: no leader');
      checkLeadershipKept({ ...story, write: { outcome, elections: 0, tookMs: 5 } });
    });
  });

  it('does not go back to what it had saved, nor refuse to be read', () => {
    for (const outcome of [wrote(6), failed('etcdserver: server stopped')]) {
      violates(STATE_PROPERTY, () => {
        checkStateKept({ ...story, reads: [{ member: 'm1', slept: 7, outcome }] });
      });
    }
  });

  it('does not leave a watch behind', () => {
    violates(WATCH_PROPERTY, () => {
      checkWatchAtRest({ ...story, heard: 7 });
    });
  });
});

/**
 * Goal: a store that is replaced by a snapshot leaves no gap and never steps back (etcd issues 15271,
 * 8411). Method: one store that leads and one that lags, which takes over the first one's pages.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { TestMember } from './harness.ts';

function install(follower: TestMember, leader: TestMember): void {
  const pages = leader.store.exportPages();
  const incoming = follower.store.importPages();
  incoming.add(pages.read(0, Infinity).pages);
  incoming.install(pages.revision, pages.compactRevision);
  follower.hub.restored(pages.revision);
}

/** Both have `a` at revision 2; then the leader goes on alone. */
function pair(): { leader: TestMember; follower: TestMember } {
  const [leader, follower] = [new TestMember(), new TestMember()];
  leader.put('a', '2');
  follower.put('a', '2');
  return { leader, follower };
}

describe('a snapshot', () => {
  it('brings synced watchers what lies between, once', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('a');
    leader.put('a', '3');
    leader.put('b', '4');
    leader.put('a', '5');
    install(follower, leader);
    assert.deepEqual(client.lines(), ['0@2 created']);
    follower.settle();
    follower.put('a', '6');
    assert.deepEqual(client.lines(), ['0@5 put a=3 put a=5', '0@6 put a=6']);
  });

  it('keeps the order for watchers that were behind already', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('a', { start_revision: 1 });
    leader.put('a', '3');
    install(follower, leader);
    follower.settle();
    assert.deepEqual(client.lines(), ['0@2 created', '0@3 put a=2 put a=3']);
  });

  it('cancels watchers whose next events it does not hold', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('a');
    client.watch('a', { start_revision: 9 });
    for (const value of ['3', '4', '5']) leader.put('a', value);
    leader.store.compact(4);
    install(follower, leader);
    follower.settle();
    assert.deepEqual(client.lines().slice(2), ['0@0 canceled compact=4']);
  });

  it('keeps watchers when it holds just what they need next', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('a');
    for (const value of ['3', '4']) leader.put('a', value);
    leader.store.compact(3);
    install(follower, leader);
    follower.settle();
    assert.deepEqual(client.lines().slice(1), ['0@4 put a=3 put a=4']);
  });

  it('delivers nothing below a future start', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('a', { start_revision: 4 });
    client.watch('a', { start_revision: 6 });
    for (const value of ['3', '4', '5']) leader.put('a', value);
    install(follower, leader);
    follower.settle();
    follower.put('a', '6');
    assert.deepEqual(client.lines().slice(2).sort(), [
      '0@5 put a=4 put a=5',
      '0@6 put a=6',
      '1@6 put a=6',
    ]);
  });

  it('that reaches a future start ends the silence about progress', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('b', { start_revision: 4 });
    for (const value of ['3', '4', '5']) leader.put('a', value);
    install(follower, leader);
    follower.settle();
    client.progress();
    assert.deepEqual(client.lines(), ['0@2 created', '-1@5']);
  });

  it('says nothing of progress before watchers have caught up', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('b', { range_end: bytesOf('c') });
    leader.put('b', '3');
    install(follower, leader);
    client.progress();
    assert.deepEqual(client.lines(), ['0@2 created']);
    follower.settle();
    client.progress();
    assert.deepEqual(client.lines(), ['0@3 put b=3', '-1@3']);
  });

  it('at the same revision changes nothing', () => {
    const { leader, follower } = pair();
    const client = follower.client();
    client.watch('a');
    install(follower, leader);
    assert.equal(follower.hub.hasWork, false);
    assert.deepEqual(client.lines(), ['0@2 created']);
  });
});

/**
 * Goal: etcd's watch behaves as its rules W8 to W18 say (docs/internals/watch.md lists them): headers,
 * prev_kv, filters, progress, permission. Method: as in rules.test.ts. W14 and W17 belong to the host,
 * W16 has slow-receiver.test.ts, W19 guarantees.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { TestMember, responseOf } from './harness.ts';

const END_OF_A = bytesOf('b');
const FROM_KEY = bytesOf('\0');

describe('W8: revisions in headers', () => {
  it('are those of the events in live responses, one revision each', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    member.put('a', '1');
    member.put('b', '2');
    member.put('a', '3');
    assert.deepEqual(client.lines(), ['0@1 created', '0@2 put a=1', '0@4 put a=3']);
  });

  it('are the current one in catch-up, of at most 1000 revisions', () => {
    const member = new TestMember();
    for (let count = 0; count < 2500; count++) member.put('a', String(count));
    const client = member.client();
    client.watch('a', { start_revision: 1 });
    member.settle();
    const responses = client.messages.slice(1).map(responseOf);
    assert.deepEqual(
      responses.map(({ events }) => events.length),
      [1000, 1000, 500],
    );
    for (const { header } of responses) assert.equal(header?.revision.toNumber(), 2501);
  });

  it('count revisions, not events: one of 1500 events is not cut', () => {
    const member = new TestMember();
    member.put('k');
    member.apply((txn) => {
      for (let index = 0; index < 1500; index++) txn.put(`k${index}`, bytesOf('v'), 0n);
    });
    const client = member.client();
    client.watch('k', { range_end: bytesOf('l'), start_revision: 1 });
    member.settle();
    const counts = client.messages.slice(1).map((message) => message.eventCount);
    assert.deepEqual(counts, [1501]);
  });

  it('name the member, the cluster and the term', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    const [created] = client.messages;
    assert.ok(created !== undefined);
    assert.equal(responseOf(created).header?.raft_term.toNumber(), 3);
  });
});

describe('W9: prev_kv', () => {
  it('is there for all but creations', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { prev_kv: true });
    client.watch('a');
    client.lines();
    member.put('a', '1');
    member.put('a', '2');
    member.delete('a');
    member.put('a', '4');
    assert.deepEqual(
      client.lines().filter((line) => line.startsWith('0')),
      ['0@2 put a=1', '0@3 put a=2 was 1', '0@4 delete a was 2', '0@5 put a=4'],
    );
  });

  it('is read once for all that want it, and not for creations', () => {
    const asked: string[] = [];
    const member = new TestMember();
    const getAt = member.store.getAt.bind(member.store);
    member.store.getAt = (key, revision) => {
      asked.push(`${key}@${revision}`);
      return getAt(key, revision);
    };
    for (const id of ['1', '2', '3']) member.client(id).watch('a', { prev_kv: true });
    member.put('a', '1');
    member.put('a', '2');
    assert.deepEqual(asked, ['a@2']);
  });

  it('is there in catch-up', () => {
    const member = new TestMember();
    member.put('a', '1');
    member.put('a', '2');
    const client = member.client();
    client.watch('a', { prev_kv: true, start_revision: 3 });
    member.settle();
    assert.deepEqual(client.lines(), ['0@3 created', '0@3 put a=2 was 1']);
  });

  it('is missing in silence once it is compacted', () => {
    const member = new TestMember();
    for (const value of ['1', '2', '3']) member.put('a', value);
    member.store.compact(3);
    const client = member.client();
    client.watch('a', { prev_kv: true, start_revision: 3 });
    member.settle();
    assert.deepEqual(client.lines(), ['0@4 created', '0@4 put a=2 put a=3 was 2']);
  });
});

describe('W10: filters', () => {
  it('drop events, and responses that have none left', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { range_end: bytesOf('z'), filters: [0] });
    client.watch('a', { range_end: bytesOf('z'), filters: [1] });
    client.watch('a', { range_end: bytesOf('z'), filters: [0, 1] });
    client.watch('a', { range_end: bytesOf('z'), filters: [17] });
    client.lines();
    member.put('a', '1');
    member.delete('a');
    member.put('b', '1');
    member.apply((txn) => {
      txn.deleteRange({ start: 'b', end: 'c' });
      txn.put('a', bytesOf('2'), 0n);
    });
    const lines = client.lines();
    const of = (id: number): string[] => lines.filter((line) => line.startsWith(`${id}@`));
    assert.deepEqual(of(0), ['0@3 delete a', '0@5 delete b']);
    assert.deepEqual(of(1), ['1@2 put a=1', '1@4 put b=1', '1@5 put a=2']);
    assert.deepEqual(of(2), []);
    assert.equal(of(3).length, 4);
  });

  it('apply to history too', () => {
    const member = new TestMember();
    member.put('a', '1');
    member.delete('a');
    const client = member.client();
    client.watch('a', { start_revision: 1, filters: [0] });
    member.settle();
    assert.deepEqual(client.lines(), ['0@3 created', '0@3 delete a']);
  });
});

describe('W11: periodic progress', () => {
  const MINUTES_MS = 60_000;

  it('tells quiet watchers that asked for it, every ten minutes', () => {
    const member = new TestMember();
    const client = member.client();
    assert.equal(member.hub.nextTickMs(0), undefined);
    client.watch('a', { progress_notify: true });
    client.watch('b');
    client.lines();
    assert.equal(member.hub.nextTickMs(0), 10 * MINUTES_MS);
    member.put('c');
    member.hub.tick(10 * MINUTES_MS - 1);
    assert.deepEqual(client.lines(), []);
    member.hub.tick(10 * MINUTES_MS);
    assert.deepEqual(client.lines(), ['0@2']);
    assert.equal(member.hub.nextTickMs(10 * MINUTES_MS), 20 * MINUTES_MS);
    client.cancel(0);
    assert.equal(member.hub.nextTickMs(10 * MINUTES_MS), undefined);
  });

  it('leaves out watchers that had events since the last time', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { progress_notify: true });
    member.hub.tick(0);
    member.put('a');
    client.lines();
    member.hub.tick(10 * MINUTES_MS);
    assert.deepEqual(client.lines(), []);
    member.hub.tick(20 * MINUTES_MS);
    assert.deepEqual(client.lines(), ['0@2']);
  });

  it('leaves out watchers that are behind', () => {
    const member = new TestMember();
    member.put('a');
    const client = member.client();
    member.hub.tick(0);
    client.watch('a', { progress_notify: true, start_revision: 1 });
    member.hub.tick(0);
    client.lines();
    member.hub.tick(10 * MINUTES_MS);
    assert.deepEqual(client.lines(), []);
    member.settle();
    assert.deepEqual(client.lines(), ['0@2 put a=v']);
  });

  it('adds up to a tenth of the interval, which is 100 ms at least', () => {
    const bounds: number[] = [];
    const random = (bound: number): number => bounds.push(bound) && bound - 1;
    const member = new TestMember({ progressIntervalMs: 1, random });
    member.client().watch('a', { progress_notify: true });
    assert.equal(member.hub.nextTickMs(1000), 1109);
    assert.deepEqual(bounds, [10]);
  });

  it('comes an interval later at most when the clock is set back', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { progress_notify: true });
    client.lines();
    const dayMs = 24 * 60 * MINUTES_MS;
    assert.equal(member.hub.nextTickMs(dayMs), dayMs + 10 * MINUTES_MS);
    member.hub.tick(10 * MINUTES_MS);
    assert.equal(member.hub.nextTickMs(10 * MINUTES_MS), 20 * MINUTES_MS);
    member.hub.tick(20 * MINUTES_MS);
    assert.deepEqual(client.lines(), ['0@1']);
  });

  it('goes on after the hub was built anew', () => {
    const member = new TestMember();
    member.hub.resumeTicks(5000);
    const client = member.client();
    client.watch('a', { progress_notify: true });
    assert.equal(member.hub.nextTickMs(0), 5000);
  });
});

describe('W12: progress on request', () => {
  it('is answered once for the stream when every watcher is synced', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    client.watch('b');
    member.put('a');
    client.progress();
    assert.deepEqual(client.lines(), ['0@1 created', '1@1 created', '0@2 put a=v', '-1@2']);
  });

  it('is not answered while one is behind', () => {
    const member = new TestMember();
    member.put('a');
    const client = member.client();
    client.watch('b');
    client.watch('a', { start_revision: 1 });
    client.progress();
    assert.deepEqual(client.lines(), ['0@2 created', '1@2 created']);
    member.settle();
    client.progress();
    assert.deepEqual(client.lines(), ['1@2 put a=v', '-1@2']);
  });

  it('is not answered on a stream without watchers', () => {
    const member = new TestMember();
    const client = member.client();
    client.progress();
    assert.deepEqual(client.lines(), []);
  });

  it('takes no notice of other streams', () => {
    const member = new TestMember();
    member.put('a');
    const [behind, client] = [member.client('behind'), member.client('synced')];
    behind.watch('a', { start_revision: 1 });
    client.watch('a');
    client.progress();
    assert.deepEqual(client.lines(), ['0@2 created', '-1@2']);
  });
});

describe('W13: progress before a future start', () => {
  it('is not sent, neither on request nor periodically (etcd issue 20221)', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { start_revision: 3, progress_notify: true });
    member.hub.tick(0);
    member.put('b');
    client.progress();
    member.hub.tick(600_000);
    assert.deepEqual(client.lines(), ['0@1 created']);
    member.put('b');
    client.progress();
    assert.deepEqual(client.lines(), ['-1@3']);
    member.hub.tick(1_200_000);
    assert.deepEqual(client.lines(), ['0@3']);
  });
});

describe('W15: permission', () => {
  it('is asked at creation only, for the range as it is understood', () => {
    const member = new TestMember();
    const asked: string[] = [];
    const client = member.client('c', {
      mayRead: ({ start, end }) => {
        asked.push(`${start}..${String(end)}`);
        return undefined;
      },
    });
    client.watch('a');
    client.watch('a', { range_end: END_OF_A });
    client.watch('a', { range_end: FROM_KEY });
    client.watch('', { range_end: FROM_KEY });
    member.put('a');
    assert.deepEqual(asked, ['a..a\0', 'a..b', 'a..undefined', '\0..undefined']);
  });
});

describe('W18: unknown requests', () => {
  it('are ignored', () => {
    const member = new TestMember();
    const client = member.client();
    client.request({});
    assert.deepEqual(client.lines(), []);
    client.watch('a');
    assert.deepEqual(client.lines(), ['0@1 created']);
  });
});

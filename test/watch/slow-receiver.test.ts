/**
 * Goal: a receiver that does not read costs a bounded amount of memory, loses nothing, and holds up
 * nobody (rule W16). Method: receivers that read only when told to.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import {
  WATCH_KEY_BYTES_MAX,
  WATCH_STREAM_CONTROL_BYTES_MAX,
  WATCH_STREAM_UNREAD_BYTES_MAX,
  WATCH_UNREAD_BYTES_MAX,
} from '../../src/constants.ts';
import type { WatchMessage } from '../../src/watch/message.ts';
import { TestMember, type TestClient } from './harness.ts';

const BIG = 'x'.repeat(100_000);
const ALL = { range_end: bytesOf('\0') };

/** Revisions of the events received, in order. */
function revisionsOf(client: TestClient): number[] {
  return client.messages.flatMap(revisionsIn);
}

function revisionsIn(message: WatchMessage): number[] {
  return message.batch?.events.map((event) => event.revision) ?? [];
}

function upTo(last: number): number[] {
  return Array.from({ length: last - 1 }, (_, index) => index + 2);
}

/** Lets the client read and the hub work until neither has anything left. */
function readAll(member: TestMember, client: TestClient): void {
  while (member.hub.hasWork || client.unread > 0) {
    member.settle();
    client.read();
  }
}

describe('a receiver that does not read', () => {
  it('is sent no more than its bound and one response, then everything else once it reads', () => {
    const member = new TestMember();
    const client = member.client('slow', { slow: true });
    client.watch('', ALL);
    for (let count = 0; count < 50; count++) member.put('a', BIG);
    const { pendingBytes, slowWatchers, waitingWatchers } = member.hub.gauges;
    assert.ok(pendingBytes >= WATCH_STREAM_UNREAD_BYTES_MAX);
    assert.ok(pendingBytes < WATCH_STREAM_UNREAD_BYTES_MAX + 2 * BIG.length);
    assert.deepEqual([slowWatchers, waitingWatchers], [1, 1]);
    assert.equal(member.hub.hasWork, false);
    readAll(member, client);
    assert.deepEqual(revisionsOf(client), upTo(51));
    assert.equal(member.hub.gauges.slowWatchers, 0);
    member.put('a', 'live');
    assert.deepEqual(client.lines().at(-1), '0@52 put a=live');
  });

  it('does not keep others waiting', () => {
    const member = new TestMember();
    const slow = member.client('slow', { slow: true });
    const fast = member.client('fast');
    slow.watch('', ALL);
    fast.watch('', ALL);
    for (let count = 0; count < 50; count++) member.put('a', BIG);
    assert.deepEqual(revisionsOf(fast), upTo(51));
  });

  it('is caught up in turns while it reads one message at a time', () => {
    const member = new TestMember();
    const client = member.client('slow', { slow: true });
    client.watch('', ALL);
    client.watch('a', { prev_kv: true });
    for (let count = 0; count < 40; count++) {
      member.put('a', BIG);
      if (count % 3 === 0) client.read(Math.min(1, client.unread));
      if (count % 5 === 0) member.settle();
    }
    while (member.hub.hasWork || client.unread > 0) {
      member.settle();
      client.read(1);
    }
    const of = (id: number): number[] =>
      client.messages.filter((message) => message.watchId === id).flatMap(revisionsIn);
    assert.deepEqual(of(0), upTo(41));
    assert.deepEqual(of(1), upTo(41));
  });

  it('loses its watchers that compaction overtakes, and is told so (etcd issue 17529)', () => {
    const member = new TestMember();
    const client = member.client('slow', { slow: true });
    client.watch('a');
    client.watch('b');
    for (let count = 0; count < 20; count++) member.put('a', BIG);
    member.put('b');
    member.store.compact(member.store.revision);
    readAll(member, client);
    const lines = client.lines();
    assert.equal(lines.at(-2), '0@0 canceled compact=22');
    assert.equal(lines.at(-1), '1@22 put b=v');
    assert.equal(member.hub.gauges.watchers, 1);
  });

  it('is not told of progress before it has read (etcd issue 15220)', () => {
    const member = new TestMember();
    const client = member.client('slow', { slow: true });
    client.watch('a', { progress_notify: true });
    client.watch('b', { progress_notify: true });
    member.hub.tick(0);
    member.hub.tick(600_000);
    for (let count = 0; count < 20; count++) member.put('a', BIG);
    client.lines();
    client.progress();
    member.hub.tick(1_200_000);
    member.hub.tick(1_800_000);
    assert.deepEqual(client.lines(), []);
    readAll(member, client);
    client.progress();
    assert.equal(client.lines().at(-1), '-1@21');
  });

  it('is ended when it goes on asking', () => {
    const member = new TestMember();
    const client = member.client('slow', { slow: true });
    let asked = 0;
    while (client.ended === undefined && asked < 100_000) {
      client.watch('a');
      client.cancel(asked++);
    }
    assert.equal(client.ended?.code, Code.ResourceExhausted);
    assert.ok(asked > 10_000, 'ten thousand creates and cancels are no offence');
    assert.ok(client.messages.length * 64 <= WATCH_STREAM_CONTROL_BYTES_MAX + 200);
    assert.deepEqual(member.hub.gauges, {
      streams: 0,
      watchers: 0,
      ranges: 0,
      keyBytes: 0,
      slowWatchers: 0,
      waitingWatchers: 0,
      pendingEvents: 0,
      pendingBytes: 0,
      eventsTotal: 0,
    });
    client.watch('a');
    client.read();
    assert.equal(client.lines().at(-1)?.endsWith('created'), true);
  });

  it('may ask as often as it likes while it reads', () => {
    const member = new TestMember();
    const client = member.client('slow', { slow: true });
    for (let asked = 0; asked < 20_000; asked++) {
      client.watch('a');
      client.cancel(asked);
      if (asked % 100 === 0) client.read();
    }
    assert.equal(client.ended, undefined);
  });

  it('shares one bound with all others, beyond which each gets one response at a time', () => {
    const member = new TestMember();
    const clients: TestClient[] = [];
    for (let index = 0; index < 100; index++) {
      const client = member.client(`slow ${index}`, { slow: true });
      client.watch('', ALL);
      clients.push(client);
    }
    for (let count = 0; count < 40; count++) member.put('a', BIG);
    assert.ok(member.hub.gauges.pendingBytes < WATCH_UNREAD_BYTES_MAX + 100 * 2 * BIG.length);
    const late = member.client('late', { slow: true });
    late.watch('', { ...ALL, start_revision: 1 });
    readAll(member, late);
    assert.deepEqual(revisionsOf(late), upTo(41));
    for (const client of clients) readAll(member, client);
    for (const client of clients) assert.deepEqual(revisionsOf(client), upTo(41));
    assert.equal(member.hub.gauges.pendingBytes, 0);
  });
});

describe('catch-up', () => {
  it('does a bounded amount in each slice (etcd issue 22264)', () => {
    const member = new TestMember();
    for (let count = 0; count < 400; count++) member.put('a', 'x'.repeat(10_000));
    const client = member.client();
    client.watch('a', { start_revision: 1 });
    client.lines();
    member.hub.work();
    const first = revisionsOf(client).length;
    assert.ok(first > 0 && first < 40, `${first} revisions in one slice`);
    member.put('a', 'live');
    member.settle();
    assert.deepEqual(revisionsOf(client), upTo(402));
  });

  it('of one far behind does not keep back one that is near', () => {
    const member = new TestMember();
    for (let count = 0; count < 400; count++) member.put('a', 'x'.repeat(10_000));
    const [far, near] = [member.client('far'), member.client('near')];
    far.watch('a', { start_revision: 1 });
    near.watch('a', { start_revision: 400 });
    member.hub.work();
    member.hub.work();
    assert.deepEqual(revisionsOf(near), [400, 401]);
    assert.ok(revisionsOf(far).length > 0);
    member.settle();
    assert.deepEqual(revisionsOf(far), upTo(401));
  });

  it('reads history once for all that stand close together', () => {
    const member = new TestMember();
    for (let count = 0; count < 100; count++) member.put('a', 'v');
    const clients = Array.from({ length: 100 }, (_, index) => {
      const client = member.client(String(index));
      client.watch('a', { start_revision: 2 + index });
      return client;
    });
    let slices = 0;
    for (; member.hub.hasWork; slices++) member.hub.work();
    assert.ok(slices <= 3, `${slices} slices`);
    clients.forEach((client, index) => {
      assert.deepEqual(revisionsOf(client), upTo(101).slice(index));
    });
  });

  it('goes past watchers whose stream was closed', () => {
    const member = new TestMember();
    member.put('a');
    const [first, second] = [member.client('1'), member.client('2')];
    first.watch('a', { start_revision: 1 });
    second.watch('a', { start_revision: 1 });
    first.stream?.close();
    member.settle();
    assert.deepEqual(first.lines(), ['0@2 created']);
    assert.deepEqual(second.lines(), ['0@2 created', '0@2 put a=v']);
  });
});

describe('the keys of watchers', () => {
  it('take a bounded amount of memory in all', () => {
    const member = new TestMember();
    const client = member.client();
    const key = 'k'.repeat(WATCH_KEY_BYTES_MAX / 16);
    for (let id = 0; id < 8; id++) client.watch(`${key.slice(8)}${id}`);
    assert.equal(member.hub.gauges.watchers, 8);
    client.watch(key);
    const refusal = client.messages.at(-1)?.message();
    assert.equal(refusal?.cancel_reason, 'etcdserver: too many requests');
    assert.equal(refusal.canceled && refusal.created, true);
    client.cancel(0);
    client.watch(key.slice(8));
    assert.equal(member.hub.gauges.watchers, 8);
  });
});

describe('gauges', () => {
  it('return to zero after ten thousand creates and cancels (etcd pull request 20067)', () => {
    const member = new TestMember();
    member.put('a');
    const client = member.client();
    for (let count = 0; count < 10_000; count++) {
      client.watch('a', { start_revision: count % 3, progress_notify: count % 2 === 0 });
      client.cancel(count);
      client.cancel(count);
    }
    assert.equal(member.hub.hasWork, false);
    assert.deepEqual(
      { ...member.hub.gauges, eventsTotal: 0 },
      {
        streams: 1,
        watchers: 0,
        ranges: 0,
        keyBytes: 0,
        slowWatchers: 0,
        waitingWatchers: 0,
        pendingEvents: 0,
        pendingBytes: 0,
        eventsTotal: 0,
      },
    );
    assert.equal(member.hub.nextTickMs(0), undefined);
  });

  it('return to zero when a stream is closed with all it had', () => {
    const member = new TestMember();
    for (let count = 0; count < 20; count++) member.put('a', BIG);
    const client = member.client('slow', { slow: true });
    client.watch('a');
    client.watch('a', { start_revision: 1, progress_notify: true });
    client.watch('a', { start_revision: 1 });
    member.settle();
    for (let count = 0; count < 20; count++) member.put('a', BIG);
    assert.ok(member.hub.gauges.pendingEvents > 0);
    assert.ok(member.hub.gauges.eventsTotal > 0);
    client.stream?.close();
    client.stream?.close();
    assert.deepEqual(
      { ...member.hub.gauges, eventsTotal: 0 },
      {
        streams: 0,
        watchers: 0,
        ranges: 0,
        keyBytes: 0,
        slowWatchers: 0,
        waitingWatchers: 0,
        pendingEvents: 0,
        pendingBytes: 0,
        eventsTotal: 0,
      },
    );
  });
});

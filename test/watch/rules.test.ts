/**
 * Goal: etcd's watch behaves as its rules W1 to W7 say (docs/internals/watch.md lists them): streams,
 * creation, cancellation and what belongs together. Method: one or more tests for each rule, on one
 * member, with messages read from their encoded form.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../src/api/errors.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { TestMember } from './harness.ts';

const END_OF_A = bytesOf('b');
const FROM_KEY = bytesOf('\0');
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted';

describe('W1: one stream, many watchers', () => {
  it('answers each creation with the current revision, before any event of it', () => {
    const member = new TestMember();
    member.put('a', '1');
    const client = member.client();
    client.watch('a', { start_revision: 1 });
    client.watch('b');
    member.settle();
    member.put('b', '2');
    assert.deepEqual(client.lines(), ['0@2 created', '1@2 created', '0@2 put a=1', '1@3 put b=2']);
  });

  it('sends one event to every watcher that asked for its key', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    client.watch('a');
    client.watch('', { range_end: FROM_KEY });
    client.watch('a', { range_end: END_OF_A });
    client.watch('b');
    client.lines();
    member.put('a', '1');
    assert.deepEqual(
      client.lines().sort(),
      ['0', '1', '2', '3'].map((id) => `${id}@2 put a=1`),
    );
  });

  it('keeps the streams of two clients apart', () => {
    const member = new TestMember();
    const [first, second] = [member.client('1'), member.client('2')];
    first.watch('a');
    second.watch('b');
    member.put('a');
    assert.deepEqual(first.lines(), ['0@1 created', '0@2 put a=v']);
    assert.deepEqual(second.lines(), ['0@1 created']);
  });

  it('takes no key for the smallest key', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('');
    member.put('\0', 'zero');
    member.put('a');
    assert.deepEqual(client.lines(), ['0@1 created', '0@2 put \0=zero']);
  });
});

describe('W2: start revisions', () => {
  it('0 begins after the present', () => {
    const member = new TestMember();
    member.put('a', 'old');
    const client = member.client();
    client.watch('a');
    member.settle();
    member.put('a', 'new');
    assert.deepEqual(client.lines(), ['0@2 created', '0@3 put a=new']);
  });

  it('N begins with history from N on', () => {
    const member = new TestMember();
    for (const value of ['1', '2', '3']) member.put('a', value);
    const client = member.client();
    client.watch('a', { start_revision: 3 });
    member.settle();
    assert.deepEqual(client.lines(), ['0@4 created', '0@4 put a=2 put a=3']);
  });

  it('N in the future delivers nothing below it', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { start_revision: 4 });
    for (const value of ['2', '3', '4', '5']) member.put('a', value);
    assert.deepEqual(client.lines(), ['0@1 created', '0@4 put a=4', '0@5 put a=5']);
  });

  it('N near the greatest int64 is a watch that never fires', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { start_revision: 2n ** 63n - 3n });
    member.put('a');
    member.settle();
    assert.deepEqual(client.lines(), ['0@1 created']);
  });
});

describe('W3: compacted start', () => {
  it('is created, then canceled with the compact revision and revision 0', () => {
    const member = new TestMember();
    for (const value of ['1', '2', '3']) member.put('a', value);
    member.store.compact(3);
    const client = member.client();
    client.watch('a', { start_revision: 2 });
    assert.deepEqual(client.lines(), ['0@4 created']);
    member.settle();
    assert.deepEqual(client.lines(), ['0@0 canceled compact=3']);
    assert.equal(member.hub.gauges.watchers, 0);
  });

  it('is allowed at the compact revision itself, even onto a delete (etcd issue 19179)', () => {
    const member = new TestMember();
    member.put('a', '1');
    member.delete('a');
    member.put('b', '1');
    member.store.compact(3);
    const client = member.client();
    client.watch('a', { start_revision: 3 });
    member.settle();
    assert.deepEqual(client.lines(), ['0@4 created', '0@4 delete a']);
  });

  it('cancels a bounded number of watchers in one slice', () => {
    const member = new TestMember();
    for (const value of ['1', '2', '3']) member.put('a', value);
    member.store.compact(4);
    const client = member.client();
    for (let count = 0; count < 2000; count++) client.watch('a', { start_revision: 1 });
    client.lines();
    member.hub.work();
    assert.equal(client.lines().length, 512);
    member.settle();
    assert.equal(client.lines().length, 2000 - 512);
  });
});

describe('W4: refused creations', () => {
  it('of an empty range', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('b', { range_end: bytesOf('a') });
    client.watch('b', { range_end: bytesOf('b') });
    const line = '-1@1 created canceled (mvcc: watcher range is empty)';
    assert.deepEqual(client.lines(), [line, line]);
  });

  it('of an id in use', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { watch_id: 5 });
    client.watch('b', { watch_id: 5 });
    assert.deepEqual(client.lines(), [
      '5@1 created',
      '-1@1 created canceled (mvcc: duplicate watch ID provided on the WatchStream)',
    ]);
  });

  it('of a negative start revision (etcd pull request 20707)', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { start_revision: -1 });
    assert.deepEqual(client.lines(), [`-1@1 created canceled (${COMPACTED})`]);
  });

  it('of a range the caller may not read, with the status in the text', () => {
    const member = new TestMember();
    const denied = StatusError.of('permissionDenied');
    const client = member.client('c', { mayRead: () => denied });
    client.watch('a');
    assert.deepEqual(client.lines(), [
      '-1@1 created canceled (rpc error: code = PermissionDenied desc = etcdserver: permission denied)',
    ]);
  });

  it('leaves the stream open and nothing behind', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('b', { range_end: bytesOf('a') });
    client.watch('a');
    member.put('a');
    assert.deepEqual(client.lines().slice(1), ['0@1 created', '0@2 put a=v']);
    assert.equal(member.hub.gauges.watchers, 1);
  });
});

describe('W5: watch ids', () => {
  it('are given from 0 up, past those the client chose', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    client.watch('a', { watch_id: 1 });
    client.watch('a', { watch_id: 2 });
    client.watch('a');
    client.watch('a');
    assert.deepEqual(
      client.lines().map((line) => line.split('@')[0]),
      ['0', '1', '2', '3', '4'],
    );
  });

  it('are not given twice, but may be chosen again', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    client.cancel(0);
    client.watch('a');
    client.watch('a', { watch_id: 9 });
    client.cancel(9);
    client.watch('a', { watch_id: 9 });
    assert.deepEqual(client.lines(), [
      '0@1 created',
      '0@1 canceled',
      '1@1 created',
      '9@1 created',
      '9@1 canceled',
      '9@1 created',
    ]);
  });

  it('may be any 64-bit number', () => {
    const member = new TestMember();
    const client = member.client();
    const ids = [2n ** 63n - 1n, -(2n ** 63n), -1n, 2n ** 53n];
    for (const id of ids) client.watch('a', { watch_id: id });
    client.lines();
    member.put('a');
    assert.deepEqual(client.lines().sort(), ids.map((id) => `${id}@2 put a=v`).sort());
    for (const id of ids) client.cancel(id);
    assert.deepEqual(
      client.lines(),
      ids.map((id) => `${id}@2 canceled`),
    );
  });
});

describe('W6: cancel', () => {
  it('of a known id is answered without a reason, and nothing follows', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    client.cancel(0);
    member.put('a');
    assert.deepEqual(client.lines(), ['0@1 created', '0@1 canceled']);
  });

  it('of an unknown id is not answered', () => {
    const member = new TestMember();
    const client = member.client();
    client.cancel(0);
    client.watch('a');
    client.cancel(0);
    client.cancel(0);
    assert.deepEqual(client.lines(), ['0@1 created', '0@1 canceled']);
  });

  it('of a watcher that is behind ends its catch-up', () => {
    const member = new TestMember();
    member.put('a');
    const client = member.client();
    client.watch('a', { start_revision: 1 });
    client.cancel(0);
    assert.equal(member.hub.hasWork, false);
    member.settle();
    assert.deepEqual(client.lines(), ['0@2 created', '0@2 canceled']);
  });
});

describe('W7: the events of one revision', () => {
  it('come in the order of the transaction, in one response', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { range_end: bytesOf('z') });
    member.apply((txn) => {
      for (const key of ['c', 'a', 'b']) txn.put(key, bytesOf(key), 0n);
    });
    assert.deepEqual(client.lines(), ['0@1 created', '0@2 put c=c put a=a put b=b']);
  });

  const big = 'x'.repeat(700 * 1024);
  const putFour = (member: TestMember): void => {
    member.apply((txn) => {
      for (const key of ['a', 'b', 'c', 'd']) txn.put(key, bytesOf(big), 0n);
    });
  };
  const sizes = (lines: string[]): string[] =>
    lines.map((line) => line.replaceAll(/\(\d+\)/g, 'big'));

  it('are split from 2 MiB on when fragments were asked for', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { range_end: bytesOf('z'), fragment: true });
    putFour(member);
    member.put('a', 'small');
    assert.deepEqual(sizes(client.lines()), [
      '0@1 created',
      '0@2 fragment put a=big put b=big',
      '0@2 put c=big put d=big',
      '0@3 put a=small',
    ]);
  });

  it('are never split otherwise', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { range_end: bytesOf('z') });
    putFour(member);
    assert.deepEqual(sizes(client.lines()).slice(1), [
      '0@2 put a=big put b=big put c=big put d=big',
    ]);
  });

  it('are one fragment at least, however large', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { range_end: bytesOf('z'), fragment: true });
    member.apply((txn) => {
      for (const key of ['a', 'b']) txn.put(key, bytesOf('x'.repeat(3 * 1024 * 1024)), 0n);
    });
    assert.deepEqual(sizes(client.lines()).slice(1), ['0@2 fragment put a=big', '0@2 put b=big']);
  });

  it('stay below 2 MiB in every fragment', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a', { range_end: bytesOf('z'), fragment: true });
    member.apply((txn) => {
      for (let index = 0; index < 40; index++)
        txn.put(`k${index}`, bytesOf(big.slice(0, 100_000)), 0n);
    });
    const lengths = client.messages.slice(1).map((message) => message.bytes().length);
    assert.ok(lengths.length > 1);
    assert.ok(Math.max(...lengths) < 2 * 1024 * 1024);
  });
});

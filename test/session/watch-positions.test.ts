import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WatchCreateRequest, WatchRequest } from '../../src/api/messages.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { Positions, type SentMessage } from '../../src/session/watch-positions.ts';

function create(key: string, watch_id = 0, start_revision = 0): WatchRequest {
  const input = { create_request: { key: bytesOf(key), watch_id, start_revision } };
  return WatchRequest.decode(WatchRequest.encode(input).finish());
}

function cancel(watch_id: number): WatchRequest {
  return WatchRequest.decode(WatchRequest.encode({ cancel_request: { watch_id } }).finish());
}

function message(fields: Partial<SentMessage>): SentMessage {
  return {
    watchId: 0n,
    revision: 1,
    next: 0,
    created: false,
    canceled: false,
    fragment: false,
    ...fields,
  };
}

/** Where each watcher goes on, by id. */
function nexts(positions: Positions): Record<string, number> {
  const { watchers = [] } = positions.resumption ?? {};
  return Object.fromEntries(watchers.map(({ id, next }) => [String(id), next]));
}

function opened(): Positions {
  const positions = new Positions();
  positions.asked(create('a'));
  positions.asked(create('b', 7));
  positions.asked(create('c', 0, 30));
  positions.sent(message({ created: true, revision: 10 }));
  positions.sent(message({ created: true, revision: 10, watchId: 7n }));
  positions.sent(message({ created: true, revision: 10, watchId: 1n }));
  return positions;
}

describe('where a stream goes on', () => {
  it('is nowhere before a member has answered: its requests are asked again', () => {
    const positions = new Positions();
    positions.asked(create('a'));
    assert.equal(positions.resumption, undefined);
    assert.equal(positions.unanswered.length, 1);
  });

  it('is after the creation, or at the start that was asked for', () => {
    const positions = opened();
    assert.deepEqual(nexts(positions), { 0: 11, 7: 11, 1: 30 });
    const { nextId, sentRevision } = positions.resumption ?? {};
    assert.deepEqual([nextId, sentRevision], [2, 10]);
    assert.equal(positions.unanswered.length, 0);
  });

  it('is after the last event of each watcher', () => {
    const positions = opened();
    assert.equal(positions.sent(message({ revision: 20, next: 15 })), 15);
    assert.deepEqual(nexts(positions), { 0: 15, 7: 11, 1: 30 });
    assert.equal(positions.resumption?.sentRevision, 20);
  });

  it('moves with progress of one watcher or of all, but never back', () => {
    const positions = opened();
    assert.equal(positions.sent(message({ revision: 12, watchId: 7n })), 13);
    assert.deepEqual(nexts(positions), { 0: 11, 7: 13, 1: 30 });
    assert.equal(positions.sent(message({ revision: 14, watchId: -1n })), 15);
    assert.deepEqual(nexts(positions), { 0: 15, 7: 15, 1: 30 });
    positions.reached(20, [0n]);
    assert.deepEqual(nexts(positions), { 0: 15, 7: 21, 1: 30 });
  });

  it('does not move within a revision that comes in fragments', () => {
    const positions = opened();
    positions.sent(message({ revision: 20, next: 21, fragment: true }));
    assert.equal(nexts(positions)['0'], 11);
    positions.sent(message({ revision: 20, next: 21 }));
    assert.equal(nexts(positions)['0'], 21);
  });

  it('leaves out watchers that were refused or have ended', () => {
    const positions = opened();
    positions.asked(create('d'));
    positions.sent(message({ created: true, canceled: true, watchId: -1n }));
    positions.sent(message({ canceled: true, watchId: 7n }));
    assert.deepEqual(nexts(positions), { 0: 11, 1: 30 });
    assert.equal(positions.unanswered.length, 0);
  });

  it('asks again what was not answered, and forgets cancels of what does not exist', () => {
    const positions = opened();
    positions.asked(cancel(99));
    assert.equal(positions.unanswered.length, 0);
    positions.asked(cancel(7));
    positions.asked(create('e', 99));
    positions.asked(cancel(99));
    positions.asked(cancel(98));
    assert.equal(positions.unanswered.length, 4);
    positions.sent(message({ created: true, revision: 11, watchId: 99n }));
    const ids = positions.unanswered.map(({ cancel_request }) =>
      Number(cancel_request?.watch_id ?? -1),
    );
    assert.deepEqual(ids, [7, 99]);
    positions.sent(message({ canceled: true, watchId: 7n }));
    positions.sent(message({ canceled: true, watchId: 99n }));
    assert.equal(positions.unanswered.length, 0);
  });
});

describe('a request that a resumption names', () => {
  it('is the one that the client made', () => {
    const [first] = opened().resumption?.watchers ?? [];
    assert.deepEqual(
      WatchCreateRequest.encode(first?.request ?? {}).finish(),
      WatchCreateRequest.encode({ key: bytesOf('a') }).finish(),
    );
  });
});

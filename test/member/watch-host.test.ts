import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLOSE } from '../../src/api/close-codes.ts';
import {
  fromNumber,
  WatchCreateRequest,
  WatchRequest,
  type WatchCreateRequestInput,
} from '../../src/api/messages.ts';
import {
  LEADERLESS_TICKS_MAX,
  WATCH_KEY_BYTES_MAX,
  WATCH_PROGRESS_INTERVAL_MS,
  WATCH_SAVE_AFTER_MS,
  WATCH_STREAM_UNREAD_BYTES_MAX,
  WATCH_UNREAD_BYTES_MAX,
  WATCH_UNREAD_TIMEOUT_MS,
} from '../../src/constants.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { encodeToMember, type ToMember } from '../../src/member/watch-bridge.ts';
import { createRequest, summary, type MessageJson } from '../support/watch-client.ts';
import { HostUnderTest, PaperSocket } from './watch-harness.ts';

const QUIET_MS = 2 * WATCH_SAVE_AFTER_MS + 1;

function told(socket: PaperSocket): string[] {
  return socket.texts().map((text) => summary(JSON.parse(text) as MessageJson));
}

function create(request: WatchCreateRequestInput): ToMember {
  return { kind: 'request', body: WatchRequest.encode({ create_request: request }).finish() };
}

describe('sleep', () => {
  it('finds what was attached after a quiet moment, and nothing is attached before', async () => {
    const awake = new HostUnderTest();
    const socket = new PaperSocket();
    const connection = awake.host.open('json', socket);
    connection.message(createRequest({ key: 'a' }));
    await awake.settle();
    awake.put('a', '1');
    assert.equal(socket.attachments.length, 0);
    awake.clock.advance(QUIET_MS);
    assert.equal(socket.attachments.length, 1);
    assert.equal(awake.clock.timers, 0, 'a timer would keep the object awake');
    assert.deepEqual(told(socket), ['0@1 created', '0@2 put a=1']);

    const again = new HostUnderTest(awake);
    const [restored] = again.host.restore([{ socket, attachment: socket.attachments.at(-1) }]);
    again.put('a', '2');
    restored?.message(createRequest({ key: 'b' }));
    await again.settle();
    assert.deepEqual(told(socket), ['0@3 put a=2', '1@3 created']);
  });

  it('keeps many watchers in rows, and drops the rows with the stream', async () => {
    const awake = new HostUnderTest();
    const socket = new PaperSocket();
    const connection = awake.host.open('json', socket);
    await awake.host.current();
    for (let id = 1; id <= 2_000; id++) {
      connection.message(createRequest({ key: `key-${id}`, watch_id: id }));
    }
    awake.clock.advance(QUIET_MS);
    const rows = awake.rows.rows('watch_streams', 0, Number.MAX_SAFE_INTEGER, 1_000);
    assert.ok(rows.length > 1);
    assert.ok((socket.attachments.at(-1)?.length ?? Infinity) < 100);

    const again = new HostUnderTest(awake);
    const [restored] = again.host.restore([{ socket, attachment: socket.attachments.at(-1) }]);
    socket.texts();
    again.put('key-1999', 'x');
    assert.deepEqual(told(socket), ['1999@2 put key-1999=x']);
    restored?.closed();
    assert.equal(again.host.gauges.watchers, 0);
    assert.equal(again.rows.ceiling('watch_streams', 0), undefined);
  });

  it('drops the rows of sockets that are gone when it ends', async () => {
    const awake = new HostUnderTest();
    const connection = awake.host.open('json', new PaperSocket());
    await awake.host.current();
    for (let id = 1; id <= 2_000; id++) connection.message(createRequest({ key: `k${id}` }));
    awake.clock.advance(QUIET_MS);
    const again = new HostUnderTest(awake);
    again.host.restore([]);
    assert.equal(again.rows.ceiling('watch_streams', 0), undefined);
  });

  it('closes sockets whose state it cannot read, or that lost a part of a request', async () => {
    const awake = new HostUnderTest();
    const partial = new PaperSocket();
    awake.host.open('json', partial).message('{"create_request":');
    await awake.settle();
    const foreign = new PaperSocket();
    const again = new HostUnderTest(awake);
    again.host.restore([
      { socket: partial, attachment: partial.attachments.at(-1) },
      { socket: foreign, attachment: Uint8Array.of(99, 1, 2) },
    ]);
    assert.equal(partial.closedBy, CLOSE.RESTART);
    assert.equal(foreign.closedBy, CLOSE.RESTART);
    assert.equal(again.host.gauges.streams, 0);
  });
});

describe('periodic progress', () => {
  it('goes by a timer while the member is awake, by the alarm at rest, and survives sleep', async () => {
    const member = new HostUnderTest();
    member.host.rest(false);
    const socket = new PaperSocket();
    const connection = member.host.open('json', socket);
    connection.message(createRequest({ key: 'a', progress_notify: true }));
    await member.settle();
    assert.equal(member.clock.alarmMs, undefined);
    const dueMs = member.clock.nowMs() + WATCH_PROGRESS_INTERVAL_MS;
    member.clock.advance(WATCH_PROGRESS_INTERVAL_MS);
    assert.deepEqual(told(socket), ['0@1 created', '0@1']);

    member.host.rest(true);
    assert.equal(member.clock.alarmMs, dueMs + WATCH_PROGRESS_INTERVAL_MS);
    member.clock.advance(QUIET_MS);
    assert.equal(member.clock.timers, 0);

    const again = new HostUnderTest(member);
    again.host.restore([{ socket, attachment: socket.attachments.at(-1) }]);
    again.clock.advance(WATCH_PROGRESS_INTERVAL_MS);
    assert.deepEqual(again.alarms.fired(again.clock.nowMs()), ['watch']);
    again.host.alarm();
    assert.deepEqual(told(socket), ['0@1']);
  });
});

describe('a member that has just been built', () => {
  it('lets requests wait until it knows where the cluster stands', async () => {
    const member = new HostUnderTest(undefined, false);
    const socket = new PaperSocket();
    const connection = member.host.open('json', socket);
    connection.message(createRequest({ key: 'a' }));
    connection.message(createRequest({ key: 'b' }));
    member.put('a', 'before');
    await member.settle();
    assert.deepEqual(told(socket), []);
    member.becomeCurrent();
    await member.settle();
    assert.deepEqual(told(socket), ['0@2 created', '1@2 created']);
  });

  it('serves all the same when there is no quorum', async () => {
    const member = new HostUnderTest(undefined, false);
    const socket = new PaperSocket();
    member.host.open('json', socket).message(createRequest({ key: 'a' }));
    member.becomeCurrent(new Error('no quorum'));
    await member.settle();
    assert.deepEqual(told(socket), ['0@1 created']);
    assert.equal(member.warnings, 1);
  });
});

describe('a client that does not read', () => {
  const VALUE = 'v'.repeat(100_000);

  /** A watch of "a" whose socket takes nothing of two events. */
  async function stuckReader(): Promise<[HostUnderTest, PaperSocket]> {
    const member = new HostUnderTest();
    const socket = new PaperSocket();
    member.host.open('json', socket).message(createRequest({ key: 'a' }));
    await member.settle();
    socket.stuck = true;
    member.put('a', VALUE);
    member.put('a', VALUE);
    return [member, socket];
  }

  it('gets the rest from history once its socket flows', async () => {
    const member = new HostUnderTest();
    const socket = new PaperSocket();
    member.host.open('json', socket).message(createRequest({ key: 'a' }));
    await member.settle();
    socket.stuck = true;
    for (let count = 0; count < 50; count++) member.put('a', VALUE);
    assert.ok(member.host.gauges.pendingBytes < WATCH_STREAM_UNREAD_BYTES_MAX + 2 * VALUE.length);
    assert.equal(member.host.gauges.waitingWatchers, 1);
    assert.ok(socket.sent.length < 20);
    socket.flow();
    member.clock.advance(QUIET_MS);
    const revisions = socket
      .texts()
      .flatMap((text) => (JSON.parse(text) as MessageJson).result?.events ?? [])
      .map(({ kv }) => Number(kv?.mod_revision));
    assert.deepEqual(
      revisions,
      Array.from({ length: 50 }, (_, index) => index + 2),
    );
    assert.equal(member.host.gauges.pendingBytes, 0);
    assert.equal(member.failure, undefined);
  });

  it('is closed when its socket takes nothing for too long', async () => {
    const [member, socket] = await stuckReader();
    member.clock.advance(WATCH_UNREAD_TIMEOUT_MS - 1_000);
    assert.equal(socket.closedBy, undefined);
    member.clock.advance(2_000);
    assert.equal(socket.closedBy, CLOSE.NOT_READING);
    assert.equal(member.host.gauges.pendingBytes, 0);
    member.clock.advance(QUIET_MS);
    assert.equal(member.clock.timers, 0);
  });

  // Seed 50397: a clock that was set by an hour closed whoever was behind at that moment.
  it('has its time though the clock is set forward', async () => {
    const [member, socket] = await stuckReader();
    member.clock.advance(1_000);
    member.clock.setByMs = 2 * WATCH_UNREAD_TIMEOUT_MS;
    member.clock.advance(1_000);
    assert.equal(socket.closedBy, undefined);
    member.clock.advance(WATCH_UNREAD_TIMEOUT_MS);
    assert.equal(socket.closedBy, CLOSE.NOT_READING);
  });

  it('is asked what it has read when all together hold too much', async () => {
    const member = new HostUnderTest();
    await member.host.current();
    const sockets = Array.from({ length: 40 }, () => new PaperSocket());
    for (const socket of sockets) {
      const connection = member.host.open('bridge', socket);
      connection.message(encodeToMember([create({ key: bytesOf('a') })]));
    }
    const asked = (): number =>
      sockets.filter((socket) => socket.items().some((item) => item.kind === 'ask')).length;
    while (member.host.gauges.pendingBytes < WATCH_UNREAD_BYTES_MAX / 2 - 5_000_000) {
      member.put('a', VALUE);
      await member.settle();
    }
    assert.equal(asked(), 0);
    member.put('a', VALUE);
    member.put('a', VALUE);
    await member.settle();
    await member.settle();
    assert.equal(asked(), 40);
  });
});

describe('the bridge', () => {
  it('puts all messages of one turn into one frame', async () => {
    const member = new HostUnderTest();
    await member.host.current();
    const socket = new PaperSocket();
    const connection = member.host.open('bridge', socket);
    connection.message(
      encodeToMember([create({ key: bytesOf('a') }), create({ key: bytesOf('b') })]),
    );
    member.put('a');
    member.put('b');
    await member.settle();
    assert.equal(socket.sent.length, 1);
    const messages = socket.items().map((item) => (item.kind === 'message' ? item.next : item));
    assert.deepEqual(messages, [0, 0, 3, 4]);
  });

  it('tells after a compaction how far quiet watchers are', async () => {
    const member = new HostUnderTest();
    await member.host.current();
    const socket = new PaperSocket();
    const connection = member.host.open('bridge', socket);
    connection.message(encodeToMember([create({ key: bytesOf('quiet') })]));
    member.put('a');
    member.put('a');
    await member.settle();
    socket.items();
    member.store.compact(3);
    member.host.afterTurn();
    await member.settle();
    assert.deepEqual(socket.items(), [{ kind: 'position', revision: 3, behind: [] }]);
  });

  it('takes up a stream where another member had it, and saves it at once', async () => {
    const member = new HostUnderTest();
    await member.host.current();
    for (const value of ['1', '2', '3']) member.put('a', value);
    const socket = new PaperSocket();
    const connection = member.host.open('bridge', socket);
    const asked = WatchCreateRequest.create({ key: bytesOf('a') });
    connection.message(
      encodeToMember([
        {
          kind: 'resume',
          resumption: {
            nextId: 9,
            sentRevision: 2,
            watchers: [{ id: 4n, next: 3, request: asked }],
          },
        },
        create({ key: bytesOf('b') }),
      ]),
    );
    assert.equal(socket.attachments.length, 1);
    member.clock.advance(QUIET_MS);
    await member.settle();
    const told = socket.items().map((item) => {
      return item.kind === 'message' ? [item.watchId, item.created, item.next] : item;
    });
    assert.deepEqual(told, [
      [9n, true, 0],
      [4n, false, 5],
    ]);
  });

  it('sends a stream elsewhere for which it has no room', async () => {
    const member = new HostUnderTest();
    await member.host.current();
    const socket = new PaperSocket();
    const connection = member.host.open('bridge', socket);
    const request = WatchCreateRequest.create({ key: new Uint8Array(WATCH_KEY_BYTES_MAX + 1) });
    const watchers = [{ id: 0n, next: 2, request }];
    connection.message(
      encodeToMember([{ kind: 'resume', resumption: { nextId: 1, sentRevision: 1, watchers } }]),
    );
    assert.equal(socket.closedBy, CLOSE.TRY_AGAIN);
    assert.equal(member.host.gauges.streams, 0);
  });

  it('says nothing of progress for a stream taken up before its watcher begins', async () => {
    const member = new HostUnderTest();
    await member.host.current();
    for (const value of ['1', '2', '3']) member.put('a', value);
    const socket = new PaperSocket();
    const connection = member.host.open('bridge', socket);
    const request = WatchCreateRequest.create({ key: bytesOf('a'), start_revision: fromNumber(9) });
    const watchers = [{ id: 0n, next: 9, request }];
    const progress: ToMember = {
      kind: 'request',
      body: WatchRequest.encode({ progress_request: {} }).finish(),
    };
    const resumption = { nextId: 1, sentRevision: 4, watchers };
    connection.message(encodeToMember([{ kind: 'resume', resumption }, progress]));
    await member.settle();
    assert.deepEqual(socket.items(), []);
  });

  it('closes a socket that sends what is no frame', () => {
    const member = new HostUnderTest();
    for (const frame of ['text', Uint8Array.of(77), Uint8Array.of(5, 200)]) {
      const socket = new PaperSocket();
      member.host.open('bridge', socket).message(frame);
      assert.equal(socket.closedBy, CLOSE.BAD_REQUEST);
    }
    assert.equal(member.host.gauges.streams, 0);
  });
});

describe('catch-up', () => {
  /** Watchers far behind, and the slices that reach them within 200 ms. */
  async function sentWhile(step: (member: HostUnderTest) => void): Promise<number> {
    const member = new HostUnderTest();
    await member.host.current();
    for (let count = 0; count < 100; count++) member.put('a', 'v'.repeat(100_000));
    member.clock.advance(QUIET_MS);
    const socket = new PaperSocket();
    member.host.open('json', socket).message(createRequest({ key: 'a', start_revision: 1 }));
    for (let ms = 0; ms < 200; ms += 10) {
      step(member);
      member.clock.advance(10);
    }
    return socket.sent.length;
  }

  it('leaves most of the time to writes while there are some', async () => {
    const alone = await sentWhile(() => undefined);
    const beside = await sentWhile((member) => member.put('b'));
    assert.ok(beside > 1, 'catch-up stood still');
    assert.ok(beside < alone / 2, `${beside} messages beside writes, ${alone} without`);
  });
});

describe('a member without a leader', () => {
  it('ends the streams that need one, also after sleep, and no others', async () => {
    const awake = new HostUnderTest();
    const sockets = [new PaperSocket(), new PaperSocket(), new PaperSocket()];
    const [needing, calm, bridged] = sockets;
    assert.ok(needing !== undefined && calm !== undefined && bridged !== undefined);
    awake.host.open('json', needing, true);
    awake.host.open('json', calm);
    awake.host.open('bridge', bridged, true);
    awake.clock.advance(QUIET_MS);
    const again = new HostUnderTest(awake);
    again.host.restore(
      sockets.map((socket) => ({ socket, attachment: socket.attachments.at(-1) })),
    );
    for (let count = 1; count < LEADERLESS_TICKS_MAX; count++) again.host.tick(false);
    again.host.tick(true);
    for (let count = 1; count < LEADERLESS_TICKS_MAX; count++) again.host.tick(false);
    await again.settle();
    assert.equal(again.host.gauges.streams, 3);
    again.host.tick(false);
    await again.settle();
    assert.deepEqual(told(needing), ['error 14: etcdserver: no leader']);
    assert.equal(needing.closedBy, CLOSE.ENDED);
    assert.deepEqual(bridged.items(), [
      { kind: 'end', code: 14, message: 'etcdserver: no leader' },
    ]);
    assert.equal(calm.closedBy, undefined);
    assert.equal(again.host.gauges.streams, 1);
  });
});

describe('the end of a member', () => {
  it('tells every client to resume', () => {
    const member = new HostUnderTest();
    const sockets = [new PaperSocket(), new PaperSocket()];
    for (const socket of sockets) member.host.open('json', socket);
    member.host.stop();
    for (const socket of sockets) assert.equal(socket.closedBy, CLOSE.RESTART);
    assert.equal(member.clock.timers, 0);
  });
});

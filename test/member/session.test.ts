/** Goal: a member's half of a session, with sockets that are as slow as a test likes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import {
  LockRequest,
  PutRequest,
  RangeRequest,
  WatchRequest,
  WatchResponse,
} from '../../src/api/messages.ts';
import {
  SESSION_FRAME_BYTES_MAX,
  SESSION_REQUEST_BYTES_MAX,
  SESSION_UNSENT_BYTES_LIMIT,
  SESSION_UNSENT_BYTES_MAX,
  SESSION_WINDOW_BYTES_MIN,
  WATCH_SAVE_AFTER_MS,
  WATCH_STREAM_UNREAD_BYTES_MAX,
  WATCH_UNREAD_TIMEOUT_MS,
} from '../../src/constants.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import type { SessionConnection } from '../../src/member/session-connection.ts';
import { SessionHost } from '../../src/member/session-host.ts';
import { creditOf, NO_METADATA, type Status } from '../../src/session/items.ts';
import { readServerFrame } from '../../src/session/reader.ts';
import { FrameWriter } from '../../src/session/writer.ts';
import { settle } from './support/manual-clock.ts';
import { type Host, World } from './support/world.ts';

const PUT = 'etcdserverpb.KV/Put';
const WATCH = 'etcdserverpb.Watch/Watch';
const LOCK = 'v3lockpb.Lock/Lock';
const RANGE_STREAM = 'etcdserverpb.KV/RangeStream';
const EMPTY_PUT = PutRequest.encode({ key: bytesOf('k') }).finish();

/** A client on a socket that keeps what it is sent. */
class Client {
  readonly writer = new FrameWriter();
  readonly messages = new Map<number, Uint8Array[]>();
  readonly ends = new Map<number, Status>();
  /** Bytes that the socket says it has not sent. */
  bufferedBytes = 0;
  attachment: Uint8Array | undefined;
  closed: { readonly code: number; readonly reason: string } | undefined;
  session: SessionConnection | undefined;
  frames = 0;

  send(data: string | Uint8Array): void {
    if (typeof data === 'string') return;
    this.frames++;
    const keep = (id: number, body: Uint8Array): void => {
      this.messages.set(id, [...(this.messages.get(id) ?? []), body]);
    };
    readServerFrame(data.slice(), {
      hello: () => undefined,
      headers: () => undefined,
      message: keep,
      answer: (id, body) => {
        keep(id, body);
        this.ends.set(id, { code: 0, message: '' });
      },
      end: (id, status) => void this.ends.set(id, status),
      credit: () => undefined,
      position: () => undefined,
    });
  }

  close(close: { readonly code: number; readonly reason: string }): void {
    this.closed ??= close;
  }

  attach(state: Uint8Array): void {
    this.attachment = state.slice();
  }

  hello(windowBytes = 1 << 20): void {
    const limits = { version: 1, frameBytesMax: 1 << 20, callsMax: 0, metadata: NO_METADATA };
    this.writer.hello({ ...limits, windowBytes });
  }

  open(id: number, method: string, body: Uint8Array, timeoutMs?: number): void {
    const halfClosed = method !== WATCH;
    this.writer.open(id, { method, body, timeoutMs, metadata: NO_METADATA, halfClosed });
  }

  async flush(): Promise<void> {
    this.session?.frame(this.writer.take());
    await settle();
  }

  count(id: number): number {
    return this.messages.get(id)?.length ?? 0;
  }
}

interface Setting {
  readonly world: World;
  readonly host: Host;
  readonly sessions: SessionHost;
}

async function setting(members = 'm1'): Promise<Setting> {
  const world = new World(members);
  const host = await world.elect();
  const sessions = new SessionHost(host.member, host.service, world.clock);
  return { world, host, sessions };
}

async function connected({ sessions }: Setting, windowBytes?: number): Promise<Client> {
  const client = new Client();
  client.session = sessions.open(client);
  client.hello(windowBytes);
  await client.flush();
  return client;
}

async function put({ world, host }: Setting, key: string, value: Uint8Array): Promise<void> {
  const body = PutRequest.encode({ key: Buffer.from(key), value }).finish();
  const { code } = await world.settled(host.service.call(PUT, body));
  assert.equal(code, 0);
}

/** A client that watches "k", and whose socket has taken nothing for a while. */
async function congested(): Promise<[Setting, Client]> {
  const all = await setting();
  const client = await connected(all);
  client.open(1, WATCH, watchOf('k'));
  client.bufferedBytes = SESSION_UNSENT_BYTES_MAX + 1;
  await client.flush();
  await all.world.clock.advance(100);
  return [all, client];
}

function watchOf(key: string): Uint8Array {
  return WatchRequest.encode({ create_request: { key: Buffer.from(key) } }).finish();
}

const VALUE = new Uint8Array(100_000);

describe('a reader that is slow', () => {
  it('gets no more pages than its credit, and the rest with more of it', async () => {
    const all = await setting();
    for (let index = 0; index < 30; index++) await put(all, `k${index}`, VALUE);
    const client = await connected(all, SESSION_WINDOW_BYTES_MIN);
    const range = { key: Buffer.from('k'), range_end: Buffer.from('l') };
    client.open(1, RANGE_STREAM, RangeRequest.encode(range).finish());
    await client.flush();
    await all.world.clock.advance(1_000);
    assert.equal(client.count(1), 1, 'one message may overdraw the credit');
    assert.equal(client.ends.size, 0);
    client.writer.credit(1, 100 * VALUE.length);
    await client.flush();
    await all.world.clock.advance(1_000);
    assert.deepEqual(client.ends.get(1), { code: 0, message: '' });
    assert.deepEqual(all.sessions.gauges, { sessions: 1, calls: 0, requestBytes: 0, congested: 0 });
  });

  it('of a watch holds back what the hub counts as unread, and gets it all in order', async () => {
    const all = await setting();
    const client = await connected(all, SESSION_WINDOW_BYTES_MIN);
    client.open(1, WATCH, watchOf('k'));
    await client.flush();
    await all.world.clock.advance(100);
    for (let index = 0; index < 40; index++) await put(all, 'k', VALUE);
    await all.world.clock.advance(500);
    const { watch } = all.host.member;
    assert.ok(client.count(1) < 4);
    assert.ok(watch.gauges.pendingBytes > 0);
    assert.ok(watch.gauges.pendingBytes < WATCH_STREAM_UNREAD_BYTES_MAX + 2 * VALUE.length);
    for (let tries = 0; tries < 100; tries++) {
      client.writer.credit(1, 4 * VALUE.length);
      await client.flush();
      await all.world.clock.advance(100);
    }
    const revisions = (client.messages.get(1) ?? []).flatMap((body) =>
      WatchResponse.decode(body).events.map(({ kv }) => Number(kv?.mod_revision)),
    );
    assert.deepEqual(
      revisions,
      Array.from({ length: 40 }, (_, index) => index + 2),
    );
    assert.equal(watch.gauges.pendingBytes, 0);
  });

  it('is closed when its socket takes nothing for long', async () => {
    const [all, client] = await congested();
    assert.equal(all.sessions.gauges.congested, 1);
    await all.world.clock.advance(WATCH_UNREAD_TIMEOUT_MS + 1_000);
    assert.equal(client.closed?.code, 1008);
    assert.equal(all.sessions.gauges.sessions, 0);
    assert.equal(all.host.member.watch.gauges.streams, 0);
  });

  it('has its time though the clock is set forward', async () => {
    const [all, client] = await congested();
    all.world.clock.setByMs = 2 * WATCH_UNREAD_TIMEOUT_MS;
    await all.world.clock.advance(1_000);
    assert.equal(all.sessions.gauges.sessions, 1);
    await all.world.clock.advance(WATCH_UNREAD_TIMEOUT_MS);
    assert.equal(client.closed?.code, 1008);
  });

  it('is served again when its socket has taken what was there', async () => {
    const all = await setting();
    const client = await connected(all);
    client.open(1, WATCH, watchOf('k'));
    client.bufferedBytes = SESSION_UNSENT_BYTES_MAX + 1;
    await client.flush();
    await all.world.clock.advance(100);
    const before = client.count(1);
    await put(all, 'k', VALUE);
    assert.equal(client.count(1), before);
    client.bufferedBytes = 0;
    await all.world.clock.advance(200);
    assert.equal(client.count(1), before + 1);
    assert.equal(all.sessions.gauges.congested, 0);
  });

  it('that never reads is closed at the limit', async () => {
    const all = await setting();
    const client = await connected(all);
    client.bufferedBytes = SESSION_UNSENT_BYTES_LIMIT + 1;
    client.open(1, 'etcdserverpb.KV/None', VALUE);
    await client.flush();
    assert.equal(client.closed?.code, 1008);
  });
});

describe('calls of a session', () => {
  it('that are ready in one turn share a frame', async () => {
    const all = await setting();
    const client = await connected(all);
    await all.world.clock.advance(10);
    const before = client.frames;
    for (let id = 1; id <= 100; id++) {
      client.open(id, PUT, PutRequest.encode({ key: Buffer.from(`k${id}`) }).finish());
    }
    await client.flush();
    await all.world.clock.advance(100);
    assert.equal(client.ends.size, 100);
    assert.equal(client.frames, before + 1);
  });

  it('end at their deadlines, whatever they wait for', async () => {
    const all = await setting();
    const client = await connected(all);
    const name = Buffer.from('lock');
    client.open(1, LOCK, LockRequest.encode({ name }).finish());
    await client.flush();
    await all.world.clock.advance(500);
    client.open(2, LOCK, LockRequest.encode({ name }).finish(), 5_000);
    client.open(3, LOCK, LockRequest.encode({ name }).finish(), 1_000);
    await client.flush();
    await all.world.clock.advance(2_000);
    assert.deepEqual([...client.ends.keys()], [1, 3]);
    assert.deepEqual(client.ends.get(3), { code: 4, message: 'context deadline exceeded' });
    await all.world.clock.advance(4_000);
    assert.equal(client.ends.get(2)?.code, 4);
    assert.equal(all.sessions.gauges.calls, 0);
  });

  it('leave with their socket', async () => {
    const all = await setting();
    const client = await connected(all);
    const name = Buffer.from('lock');
    for (const id of [1, 2, 3]) client.open(id, LOCK, LockRequest.encode({ name }).finish());
    client.open(4, WATCH, watchOf('k'));
    await client.flush();
    await all.world.clock.advance(500);
    assert.equal(all.host.member.watch.keyWaits.size, 2);
    client.session?.closed();
    await all.world.clock.advance(500);
    assert.equal(all.host.member.watch.keyWaits.size, 0);
    assert.equal(all.host.member.watch.gauges.streams, 0);
    assert.deepEqual(all.sessions.gauges, { sessions: 0, calls: 0, requestBytes: 0, congested: 0 });
  });

  it('are refused while the requests of others fill the memory for them', async () => {
    const all = await setting('m1,m2,m3');
    const client = await connected(all);
    // Without a quorum every write waits.
    for (const name of all.world.hosts.keys()) all.world.cut.add(name);
    const body = PutRequest.encode({ key: Buffer.from('k'), value: new Uint8Array(1_000_000) });
    const bytes = body.finish();
    const fitting = Math.floor(SESSION_REQUEST_BYTES_MAX / bytes.length);
    for (let id = 1; id <= fitting + 1; id++) {
      client.open(id, PUT, bytes);
      if (id % 3 === 0) await client.flush();
    }
    await client.flush();
    assert.deepEqual([...client.ends.keys()], [fitting + 1]);
    assert.equal(client.ends.get(fitting + 1)?.message, 'etcdserver: too many requests');
    client.session?.closed();
    assert.equal(all.sessions.gauges.requestBytes, 0);
  });

  it('need a window that lets them move', async () => {
    const all = await setting();
    const client = await connected(all, SESSION_WINDOW_BYTES_MIN - 1);
    assert.equal(client.closed?.code, 1002);
  });
});

describe('a client that does not keep the session protocol', () => {
  const violations: readonly (readonly [
    string,
    RegExp,
    (client: Client) => string | Uint8Array,
  ])[] = [
    ['text', /text frame/, () => 'hello'],
    ['no frame', /session protocol/, () => Uint8Array.of(0xff, 0xff, 0xff)],
    [
      'a second HELLO',
      /second HELLO/,
      (client) => {
        client.hello();
        return client.writer.take();
      },
    ],
    [
      'one number for two calls',
      /call 9 is open/,
      (client) => {
        client.open(9, WATCH, watchOf('k'));
        client.open(9, WATCH, watchOf('k'));
        return client.writer.take();
      },
    ],
    ['a frame that is too long', /too long/, () => new Uint8Array(SESSION_FRAME_BYTES_MAX + 1)],
  ];

  for (const [what, reason, frameOf] of violations) {
    it(`is closed for ${what}, and leaves nothing behind`, async () => {
      const all = await setting();
      const client = await connected(all);
      client.session?.frame(frameOf(client));
      await settle();
      assert.match(client.closed?.reason ?? '', reason);
      assert.ok((client.closed?.reason ?? '').length <= 123, 'a close frame holds no more');
      // What still comes is for nobody.
      client.open(11, PUT, EMPTY_PUT);
      await client.flush();
      await all.world.clock.advance(100);
      assert.equal(client.ends.has(11), false);
      assert.equal(all.host.member.watch.gauges.streams, 0);
    });
  }

  it('is closed for a call before HELLO', async () => {
    const all = await setting();
    const client = new Client();
    client.session = all.sessions.open(client);
    client.open(1, PUT, EMPTY_PUT);
    await client.flush();
    assert.match(client.closed?.reason ?? '', /before HELLO/);
  });

  it('is told of a method there is none of, and of a deadline that has passed, call by call', async () => {
    const all = await setting();
    const client = await connected(all);
    client.open(1, 'etcdserverpb.KV/Steal', EMPTY_PUT);
    client.open(3, PUT, EMPTY_PUT, 0);
    await client.flush();
    await all.world.clock.advance(100);
    assert.equal(client.closed, undefined);
    assert.equal(client.ends.get(1)?.code, Code.Unimplemented);
    assert.equal(client.ends.get(3)?.code, Code.DeadlineExceeded);
  });
});

describe('a session of a member that lost its memory', () => {
  /** The same storage and sockets under another instance. */
  async function rebuilt(all: Setting, client: Client): Promise<Setting> {
    await all.world.clock.advance(WATCH_SAVE_AFTER_MS * 3);
    const { name, rows } = all.host;
    const host = all.world.start(name, rows);
    const sessions = new SessionHost(host.member, host.service, all.world.clock);
    [client.session] = sessions.restore([{ socket: client, attachment: client.attachment }]);
    host.member.watch.restore([]);
    await all.world.elect();
    return { world: all.world, host, sessions };
  }

  it('goes on with its watch, and with what waited for credit', async () => {
    const all = await setting();
    const client = await connected(all, SESSION_WINDOW_BYTES_MIN);
    client.open(9, WATCH, watchOf('k'));
    await client.flush();
    await all.world.clock.advance(100);
    for (let index = 0; index < 5; index++) await put(all, 'k', VALUE);
    await all.world.clock.advance(100);
    const seen = client.count(9);
    const again = await rebuilt(all, client);
    assert.equal(client.closed, undefined);
    await put(again, 'k', VALUE);
    client.writer.credit(9, 20 * creditOf(VALUE));
    await client.flush();
    await again.world.clock.advance(500);
    assert.ok(client.count(9) > seen);
    const revisions = (client.messages.get(9) ?? []).flatMap((body) =>
      WatchResponse.decode(body).events.map(({ kv }) => Number(kv?.mod_revision)),
    );
    assert.deepEqual(revisions, [2, 3, 4, 5, 6, 7]);
    client.session?.closed();
    assert.equal(again.host.member.watch.gauges.streams, 0);
  });

  it('is told to begin anew when its state cannot be read', async () => {
    const all = await setting();
    const client = await connected(all);
    await all.world.clock.advance(WATCH_SAVE_AFTER_MS * 3);
    client.attachment = Uint8Array.of(99);
    await rebuilt(all, client);
    assert.equal(client.closed?.code, 1012);
  });
});

/** Goal: a connection goes on elsewhere where nobody can tell, and says so where somebody could. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WatchRequest, WatchResponse, type WatchResponseInput } from '../../src/api/messages.ts';
import type { ClientCall, Status } from '../../src/client/channel.ts';
import { Connection } from '../../src/client/connection.ts';
import { SESSION_REDIAL_MS_MIN } from '../../src/constants.ts';
import type { Resumption } from '../../src/session/items.ts';
import { FakeServer, turn } from './fake-server.ts';

const BODY = Uint8Array.of(1, 2, 3);
const PUT = 'etcdserverpb.KV/Put';
const RANGE = 'etcdserverpb.KV/Range';
const STREAM = 'etcdserverpb.KV/RangeStream';
const WATCH = 'etcdserverpb.Watch/Watch';

interface Watched {
  readonly call: ClientCall;
  readonly messages: Uint8Array[];
  readonly ends: Status[];
}

function connection(): { readonly server: FakeServer; readonly connection: Connection } {
  const server = new FakeServer();
  const options = { socket: server.socket, resumeWatches: true };
  return { server, connection: new Connection(['http://one:1', 'http://two:2'], options) };
}

function open(channel: Connection, method: string, timeoutMs?: number): Watched {
  const messages: Uint8Array[] = [];
  const ends: Status[] = [];
  const call = channel.open(method, timeoutMs === undefined ? {} : { timeoutMs }, {
    onMessage: (body) => void messages.push(body.slice()),
    onEnd: (status) => void ends.push(status),
  });
  return { call, messages, ends };
}

function ask(channel: Connection, method: string): Watched {
  const watched = open(channel, method);
  watched.call.send(BODY);
  watched.call.halfClose();
  return watched;
}

/** Lets promises settle, without timers. */
async function settled(): Promise<void> {
  for (let count = 0; count < 20; count++) await Promise.resolve();
}

describe('a connection', () => {
  it('dials when it is first used, and takes the next endpoint when one is not there', async () => {
    const { server, connection: channel } = connection();
    assert.equal(server.sockets.length, 0);
    const { ends } = ask(channel, PUT);
    server.last.refuse();
    const second = await server.dialled(2);
    assert.equal(second.url, 'ws://two:2/v3/session');
    second.accept();
    await turn();
    assert.equal(channel.endpoint, 'http://two:2');
    assert.deepEqual(second.opened(1)?.body, BODY);
    second.say((writer) => writer.answer(1, BODY));
    assert.deepEqual(ends, [{ code: 0, message: '' }]);
    channel.close();
  });

  it('tells a call that no endpoint is there', async () => {
    const { server, connection: channel } = connection();
    const { ends } = ask(channel, PUT);
    server.last.refuse();
    (await server.dialled(2)).refuse();
    await turn();
    assert.equal(ends[0]?.code, 14);
    channel.close();
  });

  it('asks endpoints that stay away ever more seldom', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const server = new FakeServer();
    const channel = new Connection(['http://one:1'], { socket: server.socket });
    const pauses: number[] = [];
    for (let round = 1; round <= 10; round++) {
      const { ends } = ask(channel, PUT);
      for (let ms = 0; server.sockets.length < round; ms += SESSION_REDIAL_MS_MIN) {
        pauses[round - 2] = ms;
        context.mock.timers.tick(SESSION_REDIAL_MS_MIN);
        await settled();
      }
      server.last.refuse();
      await settled();
      assert.equal(ends[0]?.code, 14);
    }
    assert.deepEqual(
      pauses,
      [20, 40, 80, 160, 320, 640, 1_280, 2_000, 2_000].map((ms) => ms - 20),
    );
    channel.close();
  });

  it('never repeats a write that was sent', async () => {
    const { server, connection: channel } = connection();
    const { ends } = ask(channel, PUT);
    server.last.accept();
    await turn();
    server.last.break();
    assert.equal(ends[0]?.lost, 'unknown');
    const other = ask(channel, RANGE);
    const next = await server.dialled(2);
    next.accept();
    await turn();
    assert.deepEqual(next.heard, ['open 1']);
    assert.equal(next.opened(1)?.method, RANGE);
    channel.close();
    assert.equal(other.ends[0]?.code, 1);
  });

  it('repeats a read, unless something of it has come', async () => {
    const { server, connection: channel } = connection();
    const read = ask(channel, RANGE);
    const begun = ask(channel, STREAM);
    server.last.accept();
    await turn();
    server.last.say((writer) => writer.message(2, BODY));
    server.last.break();
    assert.equal(begun.ends[0]?.code, 14);
    assert.equal(read.ends.length, 0);
    const next = await server.dialled(2);
    assert.equal(next.url, 'ws://two:2/v3/session');
    next.accept();
    await turn();
    assert.deepEqual(next.opened(1)?.body, BODY);
    next.say((writer) => writer.answer(1, BODY));
    assert.deepEqual(read.messages, [BODY]);
    channel.close();
  });

  it('ends a call that waits at its deadline', async () => {
    const { connection: channel } = connection();
    const { ends } = open(channel, RANGE, 5);
    while (ends.length === 0) await turn();
    assert.deepEqual(ends, [{ code: 4, message: 'context deadline exceeded' }]);
    channel.close();
  });

  it('cancels what waits, and all when it is closed', async () => {
    const { connection: channel } = connection();
    const one = ask(channel, PUT);
    const two = ask(channel, PUT);
    one.call.cancel();
    assert.equal(one.ends[0]?.code, 1);
    channel.close();
    assert.equal(two.ends[0]?.code, 1);
    const late = ask(channel, PUT);
    await turn();
    assert.equal(late.ends[0]?.code, 1);
  });
});

describe('a watch of a connection', () => {
  const create = (key: string): Uint8Array =>
    WatchRequest.encode({ create_request: { key: Buffer.from(key) } }).finish();
  const response = (input: WatchResponseInput): Uint8Array => WatchResponse.encode(input).finish();

  it('goes on where it was, with what was not answered asked again', async () => {
    const { server, connection: channel } = connection();
    const watch = open(channel, WATCH);
    watch.call.send(create('a'));
    watch.call.send(create('b'));
    server.last.accept();
    await turn();
    server.last.say((writer) => {
      writer.message(1, response({ header: { revision: 5 }, created: true }));
      const events = [{ kv: { key: Buffer.from('a'), mod_revision: 7 } }];
      writer.message(1, response({ header: { revision: 7 }, events }));
    });
    server.last.break(1012);
    assert.equal(watch.ends.length, 0);
    const next = await server.dialled(2);
    next.accept();
    await turn();
    assert.deepEqual(next.heard, ['open 1', 'resume 1', 'message 1']);
    const resumption = next.items[1]?.[2] as Resumption;
    assert.equal(resumption.sentRevision, 7);
    assert.deepEqual(
      resumption.watchers.map(({ id, next: at }) => [id, at]),
      [[0n, 8]],
    );
    assert.deepEqual(next.items[2]?.[2], create('b'));
    assert.equal(watch.messages.length, 2);
    channel.close();
  });

  it('learns its position where it is quiet', async () => {
    const { server, connection: channel } = connection();
    const watch = open(channel, WATCH);
    watch.call.send(create('a'));
    server.last.accept();
    await turn();
    server.last.say((writer) => {
      writer.message(1, response({ header: { revision: 5 }, created: true }));
      writer.position(1, 90, []);
    });
    server.last.break();
    const next = await server.dialled(2);
    next.accept();
    await turn();
    const resumption = next.items[1]?.[2] as Resumption;
    assert.deepEqual(
      resumption.watchers.map(({ next: at }) => at),
      [91],
    );
    channel.close();
  });

  it('waits for an endpoint to come back', async () => {
    const { server, connection: channel } = connection();
    const watch = open(channel, WATCH);
    watch.call.send(create('a'));
    server.last.refuse();
    (await server.dialled(2)).refuse();
    const third = await server.dialled(3);
    assert.equal(watch.ends.length, 0);
    third.accept();
    await turn();
    assert.deepEqual(third.heard, ['open 1']);
    channel.close();
  });

  it('goes on at the beginning of a response that was lost in the middle', async () => {
    const { server, connection: channel } = connection();
    const watch = open(channel, WATCH);
    watch.call.send(create('a'));
    server.last.accept();
    await turn();
    server.last.say((writer) => {
      writer.message(1, response({ header: { revision: 5 }, created: true }));
      const events = [{ kv: { key: Buffer.from('a'), mod_revision: 7 } }];
      writer.message(1, response({ header: { revision: 7 }, events, fragment: true }));
    });
    assert.equal(watch.messages.length, 1);
    server.last.break();
    const next = await server.dialled(2);
    next.accept();
    await turn();
    const resumption = next.items[1]?.[2] as Resumption;
    assert.deepEqual(
      resumption.watchers.map(({ next: at }) => at),
      [6],
    );
    next.say((writer) => {
      const events = [{ kv: { key: Buffer.from('a'), mod_revision: 7 } }];
      writer.message(1, response({ header: { revision: 7 }, events, fragment: true }));
      writer.message(1, response({ header: { revision: 7 }, events }));
    });
    assert.equal(watch.messages.length, 3);
    assert.equal(watch.ends.length, 0);
    channel.close();
  });
});

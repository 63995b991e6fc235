/** Goal: the client's half of a session keeps the protocol, and ends each call exactly once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallOptions, ClientCall, Status } from '../../src/client/channel.ts';
import { Session } from '../../src/client/session.ts';
import { MESSAGE_BYTES_MAX } from '../../src/constants.ts';
import { creditOf, NO_METADATA } from '../../src/session/items.ts';
import { tokenOfSubprotocol } from '../../src/session/token.ts';
import { FakeServer, type FakeSocket, turn } from './fake-server.ts';

const BODY = Uint8Array.of(1, 2, 3);

interface Watched {
  readonly call: ClientCall;
  readonly messages: Uint8Array[];
  readonly ends: Status[];
}

function opening(): { readonly session: Session; readonly socket: FakeSocket } {
  const server = new FakeServer();
  const session = new Session('https://host:1', { socket: server.socket, token: 'secret' });
  return { session, socket: server.last };
}

function open(session: Session, method = 'a.B/C', options: CallOptions = {}): Watched {
  const messages: Uint8Array[] = [];
  const ends: Status[] = [];
  const call = session.open(method, options, {
    onMessage: (body) => void messages.push(body.slice()),
    onEnd: (status) => void ends.push(status),
  });
  return { call, messages, ends };
}

function ask(session: Session, options: CallOptions = {}): Watched {
  const watched = open(session, 'a.B/C', options);
  watched.call.send(BODY);
  watched.call.halfClose();
  return watched;
}

describe('a session', () => {
  it('is asked for at the endpoint, with protocol and token', () => {
    const { socket, session } = opening();
    assert.equal(socket.url, 'wss://host:1/v3/session');
    assert.deepEqual(socket.protocols, ['edgetcd.v1', 'Bearer', 'secret']);
    session.close();
    assert.ok(socket.isClosed);
  });

  it('offers any token in characters that a subprotocol may have', () => {
    for (const token of ['a+b/c==', 'in words, „quoted“', '100%', 'plain-._~']) {
      const server = new FakeServer();
      const session = new Session('https://host:1', { socket: server.socket, token });
      const offered = server.last.protocols[2] ?? '';
      assert.match(offered, /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
      assert.equal(tokenOfSubprotocol(offered), token);
      session.close();
    }
    assert.equal(tokenOfSubprotocol('100%'), undefined);
  });

  it('sends the calls of one turn in one frame, each in one item', async () => {
    const { session, socket } = opening();
    socket.accept();
    const before = socket.frames;
    const first = ask(session);
    const second = ask(session);
    ask(session);
    await turn();
    assert.equal(socket.frames, before + 1);
    assert.deepEqual(socket.heard, ['open 1', 'open 2', 'open 3']);
    assert.deepEqual(socket.opened(2)?.body, BODY);
    assert.equal(socket.opened(2)?.halfClosed, true);
    socket.say((writer) => writer.answer(2, BODY));
    assert.deepEqual(second.messages, [BODY]);
    assert.deepEqual(second.ends, [{ code: 0, message: '' }]);
    session.close();
    assert.deepEqual(first.ends, [{ code: 1, message: 'context canceled' }]);
    assert.equal(second.ends.length, 1);
  });

  it('waits for the hello, and opens no more calls than that allows', async () => {
    const { session, socket } = opening();
    for (let count = 0; count < 3; count++) ask(session);
    await turn();
    assert.deepEqual(socket.heard, []);
    socket.accept({ callsMax: 2 });
    await turn();
    assert.deepEqual(socket.heard, ['open 1', 'open 2']);
    socket.say((writer) => writer.answer(1, BODY));
    await turn();
    assert.deepEqual(socket.heard, ['open 1', 'open 2', 'open 3']);
    session.close();
  });

  it('sends no more than it has credit for', async () => {
    const { session, socket } = opening();
    socket.accept({ windowBytes: creditOf(BODY) });
    const { call } = open(session);
    for (let count = 0; count < 3; count++) call.send(BODY);
    call.halfClose();
    await turn();
    assert.deepEqual(socket.heard, ['open 1']);
    assert.equal(call.unsentBytes, 2 * BODY.length);
    socket.say((writer) => writer.credit(1, 1));
    await turn();
    assert.deepEqual(socket.heard, ['open 1', 'message 1']);
    socket.say((writer) => writer.credit(1, 1_000));
    await turn();
    assert.deepEqual(socket.heard, ['open 1', 'message 1', 'message 1', 'halfClose 1']);
    assert.equal(call.unsentBytes, 0);
    session.close();
  });

  it('grants credit for what was taken, and none while paused', async () => {
    const { session, socket } = opening();
    socket.accept();
    const { call } = open(session);
    call.send(BODY);
    await turn();
    const half = new Uint8Array(600_000);
    socket.say((writer) => writer.message(1, half));
    await turn();
    assert.deepEqual(socket.items.at(-1), ['credit', 1, creditOf(half)]);
    call.pause();
    socket.say((writer) => writer.message(1, half));
    await turn();
    assert.equal(socket.items.length, 2);
    call.resume();
    await turn();
    assert.deepEqual(socket.items.at(-1), ['credit', 1, creditOf(half)]);
    session.close();
  });

  it('says headers, messages, status with details, and trailers', async () => {
    const { session, socket } = opening();
    socket.accept();
    const told: unknown[] = [];
    session.open(
      'a.B/C',
      {},
      {
        onHeaders: (metadata) => void told.push(metadata),
        onMessage: () => void told.push('message'),
        onEnd: (status, trailers) => void told.push(status, trailers),
      },
    );
    await turn();
    const status = { code: 5, message: 'none', details: BODY };
    socket.say((writer) => {
      writer.headers(1, [['a', 'b']]);
      writer.message(1, BODY);
      writer.end(1, status, [['c-bin', BODY]]);
    });
    assert.deepEqual(told, [[['a', 'b']], 'message', status, [['c-bin', BODY]]]);
    session.close();
  });

  it('ends a cancelled call at once, and hears no more of it', async () => {
    const { session, socket } = opening();
    socket.accept();
    const { call, ends, messages } = ask(session);
    await turn();
    call.cancel();
    assert.deepEqual(ends, [{ code: 1, message: 'context canceled' }]);
    await turn();
    assert.deepEqual(socket.heard, ['open 1', 'cancel 1']);
    socket.say((writer) => {
      writer.message(1, BODY);
      writer.end(1, { code: 0, message: '' }, NO_METADATA);
    });
    assert.equal(ends.length, 1);
    assert.equal(messages.length, 0);
    session.close();
  });

  it('ends a call at its deadline and tells the server', async () => {
    const { session, socket } = opening();
    socket.accept();
    const { ends } = ask(session, { timeoutMs: 5 });
    while (ends.length === 0) await turn();
    assert.deepEqual(ends, [{ code: 4, message: 'context deadline exceeded' }]);
    await turn();
    assert.equal(socket.opened(1)?.timeoutMs, 5);
    assert.deepEqual(socket.heard, ['open 1', 'cancel 1']);
    session.close();
  });

  it('refuses a message over the limit as the server would', async () => {
    const { session, socket } = opening();
    socket.accept();
    const { call, ends } = open(session);
    call.send(new Uint8Array(MESSAGE_BYTES_MAX + 1));
    await turn();
    assert.equal(ends[0]?.code, 8);
    assert.equal(socket.opened(1)?.body, undefined);
    session.close();
  });

  it('that breaks tells of each call whether it can have had an effect', async () => {
    const { session, socket } = opening();
    socket.accept({ callsMax: 1 });
    const sent = ask(session);
    const queued = ask(session);
    await turn();
    socket.break(1012, 'restart');
    assert.deepEqual(sent.ends, [
      {
        code: 14,
        message: 'etcdserver: request timed out, possibly due to connection lost',
        lost: 'unknown',
      },
    ]);
    assert.equal(queued.ends[0]?.lost, 'unsent');
    assert.match(queued.ends[0].message, /1012 restart/);
    assert.deepEqual(await session.closed, { code: 1012, reason: 'restart' });
    const late = ask(session);
    await turn();
    assert.equal(late.ends[0]?.lost, 'unsent');
  });

  it('is dropped for what is no frame', async () => {
    const { session, socket } = opening();
    socket.accept();
    const { ends } = ask(session);
    await turn();
    socket.sayBytes(Uint8Array.of(200));
    assert.equal(ends[0]?.lost, 'unknown');
    assert.ok(socket.isClosed);
    assert.match((await session.closed).reason, /kind 200/);
  });
});

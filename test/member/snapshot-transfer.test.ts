/** Goal: a snapshot arrives whole and once, whatever becomes of single requests on the way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StateMachine } from '../../src/apply/state-machine.ts';
import { bytesOf, EMPTY_BYTES } from '../../src/lib/bytes.ts';
import {
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotRequest,
  PAGES_END,
  SnapshotStep,
} from '../../src/member/snapshot-messages.ts';
import { SnapshotReceiver } from '../../src/member/snapshot-receiver.ts';
import { SnapshotSender } from '../../src/member/snapshot-sender.ts';
import { openMvcc } from '../../src/mvcc/store.ts';
import { decodeMessages } from '../../src/raft/codec.ts';
import { MessageType, type SnapshotMeta } from '../../src/raft/types.ts';
import { NaiveLeaseBook } from '../apply/naive-lease-book.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { InternalRequest } from '../../src/api/messages.ts';
import { messageOf } from '../support/raft-message.ts';
import { settle } from './support/manual-clock.ts';

const FROM = 'a'.repeat(16);
const TO = 'b'.repeat(16);
const CONF_STATE = {
  voters: [FROM, TO],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};
const TERM = 3;

interface Store {
  readonly rows: MemoryRowStore;
  readonly state: StateMachine;
}

function openStore(): Store {
  const rows = new MemoryRowStore();
  const state = StateMachine.open(rows, { mvcc: openMvcc(rows), leases: new NaiveLeaseBook(rows) });
  state.bootstrap([]);
  return { rows, state };
}

/** `count` values of 100 KB, so that a snapshot takes several chunks. */
function fill({ state }: Store, count: number): void {
  for (let at = 0; at < count; at++) {
    const index = state.applied.index + 1;
    const put = { key: bytesOf(`key ${index}`), value: new Uint8Array(100_000).fill(index) };
    const data = InternalRequest.encode({ put }).finish();
    state.applyEntry({ index, term: TERM, kind: 0, data });
  }
}

type Handle = (body: Uint8Array) => Promise<Uint8Array>;

/** A sender over `wire`, with what it reported. */
function setUp(store: Store, wire: Handle) {
  const reports: [string, boolean][] = [];
  const warnings: string[] = [];
  let transfers = 0;
  const sender = new SnapshotSender({
    state: store.state,
    transport: {
      send: () => assert.fail('not used'),
      request: (_to, _path, body) => wire(body),
      quiet: () => undefined,
    },
    random: { below: () => 0, bytes: (count) => new Uint8Array(count).fill(++transfers) },
    log: { info: () => undefined, warn: (text) => void warnings.push(text) },
    checkpoint: () => checkpoint(store),
    done: (to, ok) => void reports.push([to, ok]),
  });
  return { sender, reports, warnings };
}

function checkpoint({ rows, state }: Store): SnapshotMeta {
  const meta = { ...state.applied, confState: CONF_STATE };
  state.save(rows, meta);
  return meta;
}

/** A receiver that installs as its member would. */
function receiverOf(store: Store) {
  const installed: SnapshotMeta[] = [];
  const receiver: SnapshotReceiver = new SnapshotReceiver(store.state, (frame) => {
    const [message] = decodeMessages(frame);
    const meta = message?.snapshot;
    assert.ok(message?.type === MessageType.snapshot && meta !== undefined);
    // By this the member knows to install it before anything else can begin.
    assert.ok(receiver.isFinishing);
    if (meta.index <= store.state.applied.index) return;
    store.rows.atomically(() => {
      receiver.install(meta);
      store.state.save(store.rows, meta);
    });
    installed.push(meta);
  });
  return { receiver, installed };
}

const message = messageOf({ type: MessageType.snapshot, from: FROM, to: TO, term: TERM });

async function transfer(sender: SnapshotSender): Promise<void> {
  sender.start(message, { id: TO, peerUrls: [] });
  while (sender.sending) await settle();
  await settle();
}

function assertEqualStores(left: Store, right: Store): void {
  assert.deepEqual(left.state.applied, right.state.applied);
  assert.deepEqual(left.state.hashKV(0), right.state.hashKV(0));
}

describe('a snapshot transfer', () => {
  it('brings pages, state and point, in several chunks', async () => {
    const [from, to] = [openStore(), openStore()];
    fill(from, 30);
    fill(to, 2);
    const { receiver, installed } = receiverOf(to);
    const steps: number[] = [];
    const { sender, reports } = setUp(from, (body) => {
      steps.push(decodeSnapshotRequest(body).step);
      return Promise.resolve(receiver.handle(body));
    });
    await transfer(sender);
    assert.deepEqual(reports, [[TO, true]]);
    assert.equal(steps.at(0), SnapshotStep.begin);
    assert.equal(steps.at(-1), SnapshotStep.finish);
    assert.ok(steps.length > 4, `${steps.length} requests`);
    assert.equal(installed.length, 1);
    assertEqualStores(from, to);
  });

  it('survives lost requests and lost answers, each step two times', async () => {
    const [from, to] = [openStore(), openStore()];
    fill(from, 30);
    const { receiver, installed } = receiverOf(to);
    let calls = 0;
    const { sender, reports } = setUp(from, (body) => {
      calls++;
      // Of three attempts the first never arrives, and of the second the answer is lost.
      if (calls % 3 === 1) return Promise.reject(new Error('lost'));
      const answer = receiver.handle(body);
      return calls % 3 === 2 ? Promise.reject(new Error('lost')) : Promise.resolve(answer);
    });
    await transfer(sender);
    assert.deepEqual(reports, [[TO, true]]);
    assert.equal(installed.length, 1);
    assertEqualStores(from, to);
  });

  it('is given up after three attempts, said so, and can begin again', async () => {
    const [from, to] = [openStore(), openStore()];
    fill(from, 30);
    const { receiver } = receiverOf(to);
    let calls = 0;
    let broken = true;
    const { sender, reports, warnings } = setUp(from, (body) => {
      calls++;
      if (broken && calls > 2) return Promise.reject(new Error('lost'));
      return Promise.resolve(receiver.handle(body));
    });
    await transfer(sender);
    assert.deepEqual(reports, [[TO, false]]);
    assert.equal(calls, 2 + 3);
    assert.equal(warnings.length, 1);
    broken = false;
    await transfer(sender);
    assert.deepEqual(reports.at(-1), [TO, true]);
    assertEqualStores(from, to);
  });

  it('runs once a member at a time', async () => {
    const [from, to] = [openStore(), openStore()];
    fill(from, 3);
    const { receiver } = receiverOf(to);
    let begins = 0;
    const { sender, reports } = setUp(from, (body) => {
      if (decodeSnapshotRequest(body).step === SnapshotStep.begin) begins++;
      return Promise.resolve(receiver.handle(body));
    });
    sender.start(message, { id: TO, peerUrls: [] });
    await transfer(sender);
    assert.equal(begins, 1);
    assert.equal(reports.length, 1);
  });
});

describe('SnapshotReceiver', () => {
  const META = { index: 100, term: TERM, confState: CONF_STATE };
  const begin = (transferId: string, index: number): Uint8Array =>
    encodeSnapshotRequest({
      step: SnapshotStep.begin,
      transfer: transferId,
      meta: { ...META, index },
      revision: 1,
      compactRevision: -1,
      state: EMPTY_BYTES,
    });
  const chunk = (transferId: string, position: number, next: number): Uint8Array =>
    encodeSnapshotRequest({
      step: SnapshotStep.chunk,
      transfer: transferId,
      position,
      next,
      pages: [],
    });
  const finish = (transferId: string): Uint8Array =>
    encodeSnapshotRequest({ step: SnapshotStep.finish, transfer: transferId, frame: EMPTY_BYTES });
  const setUpReceiver = (applied = 0) => {
    const store = openStore();
    fill(store, applied);
    let frames = 0;
    const receiver = new SnapshotReceiver(store.state, () => {
      frames++;
    });
    const ask = (body: Uint8Array): number => decodeSnapshotAnswer(receiver.handle(body));
    return { receiver, ask, frames: () => frames };
  };

  it('answers every request with the position it expects', () => {
    const { ask } = setUpReceiver();
    assert.equal(ask(begin('t', 100)), 0);
    assert.equal(ask(chunk('t', 5, 9)), 0, 'ahead of what is expected');
    assert.equal(ask(chunk('t', 0, 5)), 5);
    assert.equal(ask(chunk('t', 0, 5)), 5, 'repeated');
    assert.equal(ask(begin('t', 100)), 5, 'a repeated begin resumes');
    assert.equal(ask(chunk('t', 5, PAGES_END)), PAGES_END);
  });

  it('steps the frame only once all pages are there', () => {
    const { ask, frames } = setUpReceiver();
    ask(begin('t', 100));
    assert.equal(ask(finish('t')), 0);
    assert.equal(frames(), 0);
    ask(chunk('t', 0, PAGES_END));
    assert.equal(ask(finish('t')), PAGES_END);
    assert.equal(frames(), 1);
  });

  it('refuses an older snapshot than its state or than the one under way', () => {
    const { ask } = setUpReceiver(5);
    assert.throws(
      () => ask(begin('old', 5)),
      /index 5: this member already stands at or expects 5/,
    );
    assert.equal(ask(begin('new', 100)), 0);
    ask(chunk('new', 0, 7));
    assert.throws(() => ask(begin('older', 99)), /expects 100/);
    assert.equal(ask(begin('new', 100)), 7, 'the one under way goes on');
  });

  it('lets a newer snapshot replace the one under way', () => {
    const { ask } = setUpReceiver();
    ask(begin('one', 100));
    ask(chunk('one', 0, 7));
    assert.equal(ask(begin('two', 101)), 0);
    assert.throws(() => ask(chunk('one', 7, 9)), /transfer one is not under way here/);
    assert.throws(() => ask(finish('one')), /transfer one is not under way here/);
  });

  it('knows no transfer it was told to forget, and installs none that is not complete', () => {
    const { receiver, ask } = setUpReceiver();
    ask(begin('t', 100));
    assert.throws(() => receiver.install(META), /what was received is 100\/3, next page 0/);
    receiver.abandon();
    assert.throws(() => ask(chunk('t', 0, 5)), /not under way/);
    assert.throws(() => receiver.install(META), /what was received is nothing/);
  });
});

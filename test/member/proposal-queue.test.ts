import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../src/api/errors.ts';
import { InternalRequest, toNumber } from '../../src/api/messages.ts';
import type { Outcome } from '../../src/apply/state-machine.ts';
import { PROPOSALS_WAITING_MAX, REQUEST_BYTES_MAX } from '../../src/constants.ts';
import { ProposalQueue } from '../../src/member/proposal-queue.ts';
import type { ProposeResult } from '../../src/raft/raw-node.ts';

const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const OUTCOME: Outcome = { response: {}, changes: [] };
const TIMEOUT = StatusError.of('timeout');

const put = (key: string) => ({ put: { key: Buffer.from(key) } });
const take =
  (taken: string[], result: (key: string) => ProposeResult = () => 'ok') =>
  (data: Uint8Array): ProposeResult => {
    const key = Buffer.from(InternalRequest.decode(data).put?.key ?? []).toString();
    const answer = result(key);
    if (answer === 'ok') taken.push(key);
    return answer;
  };
/** 'open', or how it ended. */
async function fate(promise: Promise<unknown>): Promise<unknown> {
  const open = new Promise((resolve) => setImmediate(() => resolve('open')));
  return Promise.race([promise.catch((error: unknown) => error), open]);
}

describe('ProposalQueue', () => {
  it('hands proposals over once and in order, under the nonce and numbers that grow', () => {
    const queue = new ProposalQueue(NONCE);
    const sequences: number[] = [];
    for (const key of ['a', 'b', 'c']) void queue.add(put(key), 10);
    const taken: string[] = [];
    queue.flush((data) => {
      const request = InternalRequest.decode(data);
      assert.deepEqual(Uint8Array.from(request.proposer), NONCE);
      sequences.push(toNumber(request.sequence));
      return take(taken)(data);
    });
    queue.flush(() => assert.fail('nothing is left'));
    assert.deepEqual(taken, ['a', 'b', 'c']);
    assert.deepEqual(sequences, [1, 2, 3]);
    assert.equal(queue.count, 3);
  });

  it('keeps what Raft does not take, and what stands behind it', () => {
    const queue = new ProposalQueue(NONCE);
    for (const key of ['a', 'b', 'c']) void queue.add(put(key), 10);
    const taken: string[] = [];
    queue.flush(take(taken, (key) => (key === 'b' ? 'dropped' : 'ok')));
    assert.deepEqual(taken, ['a']);
    queue.flush(take(taken));
    assert.deepEqual(taken, ['a', 'b', 'c']);
  });

  it('settles the waiter of an entry of its own, and no other', async () => {
    const queue = new ProposalQueue(NONCE);
    const first = queue.add(put('a'), 10);
    const second = queue.add(put('b'), 10);
    queue.settle(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1), 1, OUTCOME);
    assert.equal(await fate(first), 'open');
    queue.settle(NONCE, 1, OUTCOME);
    queue.settle(NONCE, 1, OUTCOME);
    assert.equal(await fate(first), OUTCOME);
    assert.equal(await fate(second), 'open');
    assert.equal(queue.count, 1);
  });

  it('ends waiters past their deadline, and does not propose what nobody waits for', async () => {
    const queue = new ProposalQueue(NONCE);
    const early = queue.add(put('early'), 10);
    const late = queue.add(put('late'), 20);
    queue.expire(9);
    assert.equal(await fate(early), 'open');
    queue.expire(10);
    assert.deepEqual(await fate(early), TIMEOUT);
    const taken: string[] = [];
    queue.flush(take(taken));
    assert.deepEqual(taken, ['late']);
    assert.equal(await fate(late), 'open');
    queue.settle(NONCE, 1, OUTCOME);
    assert.equal(queue.waiting, true);
  });

  it('fails all at the end', async () => {
    const queue = new ProposalQueue(NONCE);
    const all = [queue.add(put('a'), 10), queue.add(put('b'), 10)];
    const stopped = StatusError.of('stopped');
    queue.failAll(stopped);
    for (const waiting of all) assert.equal(await fate(waiting), stopped);
    queue.flush(() => assert.fail('nothing is left'));
    assert.equal(queue.waiting, false);
  });

  it('refuses a request over the limit, which leaves no waiter behind', () => {
    const queue = new ProposalQueue(NONCE);
    const value = new Uint8Array(REQUEST_BYTES_MAX);
    assert.throws(
      () => void queue.add({ put: { key: Uint8Array.of(1), value } }, 10),
      StatusError.of('requestTooLarge'),
    );
    assert.equal(queue.count, 0);
  });

  it('refuses more than PROPOSALS_WAITING_MAX at once', () => {
    const queue = new ProposalQueue(NONCE);
    for (let count = 0; count < PROPOSALS_WAITING_MAX; count++) void queue.add(put('k'), 10);
    assert.throws(() => void queue.add(put('k'), 10), StatusError.of('requestTooManyRequests'));
    assert.equal(queue.count, PROPOSALS_WAITING_MAX);
  });
});

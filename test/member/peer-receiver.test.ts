import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PEER_FRAME_PATH,
  PEER_HEADERS,
  PEER_REMOVED_CLOSE_CODE,
  PEER_SNAPSHOT_PATH,
} from '../../src/member/peer-protocol.ts';
import { encodeMessages } from '../../src/raft/codec.ts';
import { MessageType } from '../../src/raft/types.ts';
import { messageOf } from '../support/raft-message.ts';
import { World } from './support/world.ts';

const world = new World('m1,m2,m3');
const { receiver, member } = world.host('m1');
const refuse = (changes: Readonly<Record<string, string | null>> = {}) => {
  const headers = new Map<string, string | null>(
    Object.entries({ ...world.headers('m2', 'm1'), ...changes }),
  );
  return receiver.refuse((name) => headers.get(name) ?? null);
};

const idOf = (name: string): string => world.host(name).member.self.id;

/** A request for votes in a term to come. */
const LATER = { type: MessageType.vote, term: 99 };

describe('PeerReceiver', () => {
  it('takes what carries secret, version, cluster and both members', () => {
    assert.equal(refuse(), undefined);
  });

  for (const [header, value, status, text] of [
    ['secret', 'guess', 401, /wrong cluster secret/],
    ['secret', null, 401, /wrong cluster secret/],
    ['secret', '', 401, /wrong cluster secret/],
    ['version', '2', 426, /protocol version 2, expected 1/],
    ['version', null, 426, /protocol version null, expected 1/],
    ['cluster', 'f'.repeat(16), 412, /cluster id ffffffffffffffff, expected [0-9a-f]{16}/],
    ['cluster', null, 412, /cluster id null/],
    ['to', 'e'.repeat(16), 412, /member id eeeeeeeeeeeeeeee, expected [0-9a-f]{16}/],
    ['to', null, 412, /member id null/],
  ] as const) {
    it(`refuses the ${header} ${value}`, () => {
      const refusal = refuse({ [PEER_HEADERS[header]]: value });
      assert.equal(refusal?.status, status);
      assert.match(refusal.text, text);
    });
  }

  it('says nothing of itself to those without the secret', () => {
    const refusal = refuse({ [PEER_HEADERS.secret]: 'guess', [PEER_HEADERS.cluster]: 'other' });
    assert.ok(!refusal?.text.includes(member.config.id));
  });

  it('refuses a member that was removed', () => {
    const removed = world.host('m3').member.self.id;
    const fresh = new World('m1,m2,m3');
    const { membership } = fresh.host('m1').member.state;
    membership.restore(
      membership.members.filter(({ id }) => id !== removed),
      [removed],
    );
    const headers = new Map(Object.entries(fresh.headers('m3', 'm1')));
    const refusal = fresh.host('m1').receiver.refuse((name) => headers.get(name) ?? null);
    assert.deepEqual(refusal, {
      status: 410,
      text: `peer request refused: member ${removed} was removed`,
    });
  });

  it('answers the pipeline, and what is no message by 400', async () => {
    const ask = async (path: string, body: Uint8Array) =>
      Promise.resolve(receiver.handle(path, body));
    assert.equal((await ask(PEER_FRAME_PATH, encodeMessages([]))).status, 200);
    assert.equal((await ask(PEER_FRAME_PATH, Uint8Array.of(99))).status, 400);
    assert.equal((await ask(PEER_SNAPSHOT_PATH, Uint8Array.of(99))).status, 400);
    assert.equal((await ask('/peer/other', Uint8Array.of())).status, 404);
  });

  it('ends the stream of a peer that sends what is no frame, and says why', () => {
    const reasons: string[] = [];
    receiver.frame(encodeMessages([]), (_code, reason) => reasons.push(reason));
    assert.equal(reasons.length, 0);
    receiver.frame(Uint8Array.of(99, 1, 2), (_code, reason) => reasons.push(reason));
    assert.equal(reasons.length, 1);
    // A WebSocket takes at most 123 bytes of reason.
    assert.ok((reasons[0]?.length ?? 0) <= 120);
  });

  it('steps no message that is meant for another member', () => {
    const before = member.status;
    const message = messageOf({ ...LATER, from: idOf('m2'), to: idOf('m3') });
    receiver.frame(encodeMessages([message]), () => assert.fail('a sound frame'));
    assert.equal(member.status.term, before.term);
  });

  it('ends a stream that its peer opened before it was removed', () => {
    const [fresh, m3] = [new World('m1,m2,m3').host('m1'), idOf('m3')];
    const frame = encodeMessages([messageOf({ ...LATER, from: m3, to: idOf('m1') })]);
    fresh.receiver.frame(frame, () => assert.fail('it is a member'));
    const { term } = fresh.member.status;
    const { membership } = fresh.member.state;
    membership.restore(
      membership.members.filter(({ id }) => id !== m3),
      [m3],
    );
    const closes: unknown[] = [];
    fresh.receiver.frame(frame, (...close) => closes.push(close));
    assert.deepEqual(closes, [[PEER_REMOVED_CLOSE_CODE, `member ${m3} was removed`]]);
    assert.equal(fresh.member.status.term, term);
  });
});

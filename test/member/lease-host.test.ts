/** Goal: nothing of a lease is promised by one who leads no more when the promise is kept. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lessor } from '../../src/lease/lessor.ts';
import { Alarms } from '../../src/member/alarms.ts';
import { LeaseHost, type LeaseHostPorts } from '../../src/member/lease-host.ts';
import type { Proposal } from '../../src/member/proposal-queue.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { ManualClock } from './support/manual-clock.ts';

const SELF = '0000000000000001';
const OTHER = '0000000000000002';

/** The lessor of a leader in term 3 that holds lease 1 of 100 s, of which an earlier leader saved 40 s. */
class Fixture {
  readonly raft = {
    leader: SELF,
    term: 3,
    status: () => ({ lastIndex: 0 }),
    noteAtRest: () => undefined,
    restNote: new Uint8Array(0),
  };
  readonly proposed: Proposal[] = [];
  /** What happens while the proposal is on its way. */
  meanwhile = (): void => undefined;
  readonly host: LeaseHost;

  constructor() {
    const clock = new ManualClock();
    const rows = new MemoryRowStore();
    const lessor = Lessor.open(rows, clock);
    lessor.grant(1n, 100);
    lessor.checkpoint(1n, 40);
    this.host = new LeaseHost({
      lessor,
      rows,
      clock,
      log: { info: () => undefined, warn: () => undefined },
      random: { bytes: (count: number) => new Uint8Array(count) },
      transport: { call: () => Promise.reject(new Error('nobody is to be called')) },
      alarms: new Alarms(clock),
      self: SELF,
      raft: this.raft,
      applied: () => 0,
      addressOf: () => undefined,
      propose: (proposal: Proposal) => {
        this.proposed.push(proposal);
        this.meanwhile();
        return Promise.resolve();
      },
      confirm: () => Promise.resolve(),
    } as unknown as LeaseHostPorts);
    this.host.afterTurn();
  }
}

describe('a renewal that has to clear what an earlier leader saved', () => {
  it('is answered once that is cleared', async () => {
    const { host, proposed } = new Fixture();
    assert.deepEqual(await host.answer({ kind: 'renew', id: 1n }), {
      kind: 'renewed',
      ttlSeconds: 100,
    });
    assert.equal(proposed.length, 1);
    assert.ok(proposed[0] !== undefined && 'lease_checkpoint' in proposed[0]);
  });

  it('is not promised by one who has ceased to lead meanwhile: the next leader knows of no renewal', async () => {
    const fixture = new Fixture();
    fixture.meanwhile = () => {
      fixture.raft.leader = OTHER;
      fixture.raft.term = 4;
    };
    const answer = await fixture.host.answer({ kind: 'renew', id: 1n });
    assert.deepEqual(answer, { kind: 'notLeader' });
  });

  it('nor by one who leads again, in a later term', async () => {
    const fixture = new Fixture();
    fixture.meanwhile = () => {
      fixture.raft.term = 5;
    };
    const answer = await fixture.host.answer({ kind: 'renew', id: 1n });
    assert.deepEqual(answer, { kind: 'notLeader' });
  });
});

/**
 * Two instances of one member, one of them stale: what design.md forbids, case by case. The stale one
 * lives and hears, but no write of its own is confirmed any more (support/chaos.ts).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { MessageType, type NodeId } from '../../src/raft/types.ts';
import { ChaosCluster, type Instance } from './support/chaos.ts';
import { id } from './support/memory-log.ts';
import { Referee } from './support/referee.ts';
import { Single } from './support/single.ts';

class Scene {
  readonly referee = new Referee();
  readonly cluster: ChaosCluster;

  constructor() {
    this.cluster = new ChaosCluster(new Prng(1), this.referee, {
      voters: [id(1), id(2), id(3)],
      restAfterTicks: 0,
      preVote: false,
      checkQuorum: false,
      messageBytesMax: 1000,
      inflightMessagesMax: 10,
    });
    this.owner(1).node.campaign();
    this.settle();
    this.cluster.propose(this.owner(1));
    this.settle();
    assert.equal(this.owner(1).node.role, 'leader');
  }

  owner(number: number): Instance {
    const instance = this.cluster.owners.get(id(number));
    if (instance === undefined) throw new Error(`member ${number} is down`);
    return instance;
  }

  /** The instance that goes stale; all it wrote so far is confirmed, and its successor has it. */
  replace(number: number): Instance {
    const stale = this.cluster.replace(id(number));
    if (stale === undefined) throw new Error(`member ${number} is down`);
    return stale;
  }

  /** Everything happens among `active`, which receive what is sent to their members. */
  settle(active: readonly Instance[] = [...this.cluster.owners.values()]): void {
    const byId = new Map<NodeId, Instance>(active.map((each) => [each.id, each]));
    for (let round = 0; round < 30; round++) {
      for (const instance of active) {
        while (this.cluster.process(instance));
        this.cluster.flush(instance, Infinity);
      }
      const messages = this.cluster.network;
      this.cluster.network = [];
      for (const message of messages) {
        const receiver = byId.get(message.to);
        if (receiver !== undefined) this.cluster.deliver(message, receiver);
      }
    }
  }
}

describe('a stale leader beside its successor in the same term', () => {
  test('serves no read that misses what its successor committed', () => {
    const scene = new Scene();
    const stale = scene.replace(1);
    const [current, second, third] = [scene.owner(1), scene.owner(2), scene.owner(3)];
    current.node.wake();
    scene.settle();
    assert.equal(current.node.role, 'leader');
    assert.equal(current.node.term, stale.node.term);
    scene.cluster.propose(current);
    scene.settle();
    // Both followers are in the term of the stale one and answer it: a quorum without itself.
    scene.cluster.read(stale);
    scene.settle([stale, second, third]);
    assert.equal(scene.referee.readsAnswered, 0);
    // The successor answers.
    scene.cluster.read(current);
    scene.settle();
    assert.equal(scene.referee.readsAnswered, 1);
  });

  test('sends no entry, and shows none', () => {
    const scene = new Scene();
    const stale = scene.replace(1);
    scene.cluster.propose(stale);
    scene.settle([stale, scene.owner(2), scene.owner(3)]);
    assert.equal(scene.owner(2).node.status().lastIndex, 2);
    const { top } = scene.referee;
    scene.owner(1).node.wake();
    scene.cluster.propose(scene.owner(1));
    // The acknowledgements of the successor's entry reach the stale one as well.
    scene.settle();
    scene.settle([stale, scene.owner(2), scene.owner(3)]);
    assert.equal(scene.referee.top, top + 1);
  });

  test('stands down when an entry it never made is acknowledged to it', () => {
    const scene = new Scene();
    const stale = scene.replace(1);
    scene.owner(1).node.wake();
    scene.settle();
    scene.cluster.propose(scene.owner(1));
    scene.cluster.process(scene.owner(1));
    scene.cluster.flush(scene.owner(1), 1);
    // The entry arrives; the answers go to the stale instance.
    scene.settle([stale, scene.owner(2), scene.owner(3)]);
    assert.equal(stale.node.role, 'follower');
  });

  test('the answer to its round is not taken for an answer to the successor’s', () => {
    const scene = new Scene();
    const stale = scene.replace(1);
    const current = scene.owner(1);
    current.node.wake();
    scene.settle();
    // Both begin their first round in this construction; only the stale one's reaches the followers.
    scene.cluster.read(stale);
    scene.cluster.process(stale);
    scene.cluster.flush(stale, 0);
    const asked = scene.cluster.network.filter(({ context }) => context.length > 0);
    assert.equal(asked.length, 2);
    scene.cluster.network = [];
    scene.cluster.read(current);
    scene.cluster.process(current);
    scene.cluster.flush(current, Infinity);
    scene.cluster.network = asked;
    scene.settle();
    assert.equal(scene.referee.readsAnswered, 0);
  });
});

describe('a stale follower', () => {
  test('confirms no round of a leader that its successor has left behind', () => {
    const scene = new Scene();
    const stale = scene.replace(2);
    const [old, second, third] = [scene.owner(1), scene.owner(2), scene.owner(3)];
    third.node.campaign();
    scene.settle([second, third]);
    scene.cluster.propose(third);
    scene.settle([second, third]);
    assert.equal(third.node.role, 'leader');
    // The old leader reaches itself and the stale instance: two of three.
    scene.cluster.read(old);
    scene.settle([old, stale]);
    assert.equal(scene.referee.readsAnswered, 0);
  });

  test('commits nothing on the strength of what its successor acknowledged', () => {
    // Entry 3 of term 1 did not survive: the successor's log, which the leader of term 2 knows, has
    // 2/3 there. This instance was in term 2 before, so that no write would give it away.
    for (const type of [MessageType.heartbeat, MessageType.commit]) {
      const stale = new Single({ terms: [1, 1, 1], hardState: { term: 2, commit: 2 } });
      stale.step(type, 3, { term: 2, commit: 3, logTerm: 2 });
      assert.equal(stale.node.status().commit, 2);
      stale.step(type, 3, { term: 2, commit: 3, logTerm: 1 });
      assert.equal(stale.node.status().commit, 3);
    }
  });

  test('grants no vote that is heard, whatever it thinks', () => {
    const scene = new Scene();
    const stale = scene.replace(2);
    const third = scene.owner(3);
    third.node.campaign();
    scene.settle([stale, third]);
    assert.equal(stale.node.status().vote, third.id);
    assert.equal(third.node.role, 'candidate');
  });
});

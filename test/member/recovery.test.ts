import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../src/apply/membership.ts';
import { encodeState } from '../../src/apply/state-codec.ts';
import { saveState } from '../../src/apply/state-rows.ts';
import { RECOVERY_HOLD_MS } from '../../src/constants.ts';
import { StorageFullError } from '../../src/lib/row-store.ts';
import { parseCluster } from '../../src/member/cluster-config.ts';
import { CorruptPageError } from '../../src/mvcc/errors.ts';
import { beginAnew, DivergedError, firstMembers, noteDamage } from '../../src/member/recovery.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { World } from './support/world.ts';

const config = parseCluster('test', 'm1,m2,m3');
const [self] = config.members;
assert.ok(self !== undefined);

/** A member that the configuration does not know. */
const LATER: Member = {
  id: '00000000000000aa',
  name: 'n4',
  peerUrls: ['http://n4'],
  clientUrls: [],
  region: '',
  isLearner: false,
};

function begunAnew(): MemoryRowStore {
  const rows = new MemoryRowStore();
  const confState = { voters: [LATER.id], votersOutgoing: [], learners: [], learnersNext: [] };
  saveState(
    rows,
    encodeState({
      point: { index: 5, term: 1, confState: { ...confState, autoLeave: false } },
      clusterVersion: '3.7.0',
      members: [LATER],
      removed: [],
      alarms: [],
      upload: '',
    }),
  );
  beginAnew(rows, 'a row is damaged');
  return rows;
}

const membersIn = (rows: MemoryRowStore): readonly string[] =>
  firstMembers(rows, config, self.id).map(({ id, name }) => `${name} ${id}`);

describe('a member that begins anew', () => {
  it('goes by the members it knew last', () => {
    assert.deepEqual(membersIn(begunAnew()), [`n4 ${LATER.id}`]);
  });

  // Seed 31028: a bit flipped in what was kept, and a member was called by an id that nobody has.
  it('goes by the configuration when what was kept of them is damaged, whichever bit it is', () => {
    const configured = config.members.map(({ id, name }) => `${name} ${id}`);
    const rows = begunAnew();
    const kept = rows.get('recovery', 1);
    assert.ok(kept !== undefined);
    for (let bit = 0; bit < 8 * kept.data.length; bit++) {
      const data = kept.data.slice();
      data[bit >> 3] = (data[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      rows.put('recovery', 1, kept.head, data);
      assert.deepEqual(membersIn(rows), configured, `bit ${bit}`);
    }
  });

  // Seed 30537: the error was nobody's.
  it('stops when its storage fails at the end of recovery', async () => {
    const world = new World('m1,m2,m3');
    await world.elect();
    const follower = [...world.hosts.values()].find(
      ({ name, member }) => name !== member.leaderName,
    );
    assert.ok(follower !== undefined);
    follower.member.stop();
    noteDamage(follower.rows, new DivergedError('what it holds differs'));
    const host = world.start(follower.name, follower.rows);
    const failure = new Error('the disk is gone');
    host.rows.delete = () => {
      throw failure;
    };
    await world.clock.advance(3 * RECOVERY_HOLD_MS);
    assert.deepEqual(host.abandoned, [failure]);
  });

  // Seed 50771: it lived on, with memory and storage that differ.
  it('ends though a full disk keeps it from noting the damage', async () => {
    const world = new World('m1');
    await world.elect();
    const [host] = world.hosts.values();
    assert.ok(host !== undefined);
    host.rows.put = () => {
      throw new StorageFullError('put: the disk is full');
    };
    const damage = new CorruptPageError('mvcc_index_0', 1, 'one checksum', 'another');
    const read = (): never => {
      throw damage;
    };
    assert.throws(() => host.member.read(read), /found damage: read row 1/);
    assert.deepEqual(host.abandoned, [damage]);
    assert.throws(() => host.member.read(read), /server stopped/);
  });
});

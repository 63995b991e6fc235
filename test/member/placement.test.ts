/** Goal: a leader counts where writes come from, and hands over to where they are, and to nobody else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import { PutRequest } from '../../src/api/messages.ts';
import { PLACEMENT_ROUND_TICKS, TICK_MS } from '../../src/constants.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { type Host, World } from './support/world.ts';

const PUT = PutRequest.encode({ key: bytesOf('k'), value: bytesOf('v') }).finish();
const ROUND_MS = PLACEMENT_ROUND_TICKS * TICK_MS;
/** Half a round trip between continents. */
const FAR_MS = 60;

/** Members far from each other. */
function far(members: string, settings = {}): World {
  const world = new World(members, settings);
  world.delayMs = (from, to) => (from === to ? 1 : FAR_MS);
  return world;
}

/** A writer at `host`, one write after the other, for so long. Returns who leads in the end. */
async function write(world: World, host: Host, forMs: number, near?: string): Promise<string> {
  const endMs = world.clock.nowMs() + forMs;
  while (world.clock.nowMs() < endMs) {
    const options = near === undefined ? {} : { near };
    const { code, message } = await world.settled(
      host.service.call('etcdserverpb.KV/Put', PUT, options),
    );
    assert.deepEqual([code, message], [Code.OK, '']);
    await world.clock.advance(50);
  }
  return leaderOf(world);
}

function leaderOf(world: World): string {
  const leaders = [...world.hosts.values()].filter(
    ({ member }) => member.status.role === 'leader' && !world.cut.has(member.self.name),
  );
  assert.equal(leaders.length, 1);
  return leaders[0]?.name ?? '';
}

async function led(world: World, by: string): Promise<void> {
  const leader = await world.elect();
  const target = world.host(by);
  if (leader === target) return;
  await world.settled(leader.member.upkeep.moveLeader(target.member.self.id));
}

describe('leadership of a cluster', () => {
  for (const [what, members] of [
    ['whose members have regions', 'm1:enam,m2:weur,m3:apac'],
    ['whose members say nothing of regions', 'm1,m2,m3'],
  ] as const) {
    it(`${what} follows writers within 30 s, and no write fails on the way`, async () => {
      const world = far(members);
      await led(world, 'm1');
      assert.equal(await write(world, world.host('m1'), 20_000), 'm1');
      assert.equal(await write(world, world.host('m3'), 30_000), 'm3');
      assert.equal(await write(world, world.host('m2'), 30_000), 'm2');
      assert.equal(world.host('m1').member.placement.handOvers, 1);
    });
  }

  it('follows writers whose Workers send straight to the leader', async () => {
    const world = far('m1,m2,m3');
    await led(world, 'm1');
    assert.equal(await write(world, world.host('m1'), 30_000, 'm2'), 'm2');
  });

  it('stays where regions are far apart by estimate, and near when measured', async () => {
    const world = new World('m1:enam,m2:weur,m3:apac');
    await led(world, 'm1');
    assert.equal(await write(world, world.host('m3'), 40_000), 'm1');
    const { roundTrips } = world.host('m1').member.placement;
    const [m1, m3] = ['m1', 'm3'].map((name) => world.host(name).member.self.id);
    assert.ok(roundTrips.between(m1 ?? '', m3 ?? '') < 10);
  });

  it('goes to no learner, and to no voter that lags', async () => {
    const world = far('m1:enam,m2:weur,m3:apac,l1:weur:learner');
    await led(world, 'm1');
    // Far from all but m2, which does not answer.
    world.delayMs = (from, to) => (from === 'l1' || to === 'l1' ? 2 * FAR_MS : FAR_MS);
    world.cut.add('m2');
    assert.equal(await write(world, world.host('l1'), 30_000), 'm1');
  });

  it('stays with a member that cannot tell how far it is from the others', async () => {
    const world = far('m1,m2,m3');
    await led(world, 'm1');
    const silent = world.host('m3').receiver;
    const handle = silent.handle.bind(silent);
    silent.handle = async (path, body) =>
      path === '/peer/round-trips'
        ? { status: 404, body: 'an older release' }
        : await handle(path, body);
    assert.equal(await write(world, world.host('m3'), 30_000), 'm1');
  });

  it('is where the configuration pins it, and not where it forbids it', async () => {
    const world = far('m1@0,m2,m3@2');
    await led(world, 'm1');
    assert.equal(await write(world, world.host('m1'), 30_000), 'm3');
    world.cut.add('m3');
    await world.clock.advance(10_000);
    assert.equal(await write(world, world.host('m1'), 30_000), 'm2');
  });

  it('stays, as the operator wants it, but for priorities', async () => {
    const world = far('m1,m2,m3', { followsWriters: false });
    await led(world, 'm1');
    assert.equal(await write(world, world.host('m3'), 30_000), 'm1');
    const pinned = far('m1,m2@2,m3', { followsWriters: false });
    await led(pinned, 'm1');
    assert.equal(await write(pinned, pinned.host('m3'), 30_000), 'm2');
  });

  it('does not move, and nothing keeps an object awake, when nobody writes any more', async () => {
    const world = far('m1,m2,m3');
    await led(world, 'm1');
    await write(world, world.host('m3'), 1.5 * ROUND_MS);
    await world.clock.advance(60_000);
    assert.equal(world.clock.pendingTimers, 0);
    assert.equal(world.host('m1').member.leaderName, 'm1');
  });
});

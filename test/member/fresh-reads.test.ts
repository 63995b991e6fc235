/** Goal: no read is answered from a state that is older than its reader allows, whatever clocks do. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../src/api/errors.ts';
import { TICK_MS } from '../../src/constants.ts';
import { LINEARIZABLE, parseConsistency, SERIALIZABLE } from '../../src/api/consistency.ts';
import { FreshReads } from '../../src/member/fresh-reads.ts';
import { SteadyClock } from '../../src/lib/steady-clock.ts';

class Fixture {
  nowMs = 1_000_000;
  revision = 10;
  /** Rounds that were asked for and not confirmed yet. */
  readonly rounds: { confirm: () => void; fail: (error: Error) => void }[] = [];
  asked = 0;
  readonly reads = new FreshReads({
    clock: new SteadyClock({ nowMs: () => this.nowMs }),
    revision: () => this.revision,
    confirm: () =>
      new Promise((confirm, fail) => {
        this.asked++;
        this.rounds.push({ confirm, fail });
      }),
  });

  /** Begins a read at a level; `state` says how it goes. */
  read(level: string, deadlineMs = Infinity) {
    const read = { state: 'waits' };
    this.reads.ready(parseConsistency(level), deadlineMs).then(
      () => (read.state = 'served'),
      (error: unknown) => (read.state = StatusError.from(error).message),
    );
    return read;
  }

  async confirm(): Promise<void> {
    for (const round of this.rounds.splice(0)) round.confirm();
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
}

describe('a level', () => {
  it('is read in every form', () => {
    assert.deepEqual(parseConsistency('linearizable'), LINEARIZABLE);
    assert.deepEqual(parseConsistency(' Serializable '), SERIALIZABLE);
    assert.deepEqual(parseConsistency('min-revision=7'), { ...SERIALIZABLE, minRevision: 7 });
    assert.deepEqual(parseConsistency('min-revision: 7'), { ...SERIALIZABLE, minRevision: 7 });
    for (const [text, ms] of [
      ['250ms', 250],
      ['5s', 5_000],
      ['2m', 120_000],
      ['1h', 3_600_000],
    ] as const) {
      const level = parseConsistency(`max-staleness=${text}`);
      assert.deepEqual(level, { ...SERIALIZABLE, maxStalenessMs: ms });
    }
    assert.deepEqual(parseConsistency('min-revision=7, max-staleness=1s'), {
      linearizable: false,
      minRevision: 7,
      maxStalenessMs: 1_000,
    });
  });

  it('that is none is refused, and the text says what would be one', () => {
    for (const text of [
      '',
      'strong',
      'min-revision',
      'min-revision=-1',
      'min-revision=1s',
      'max-staleness=5',
      'max-staleness=5d',
      'min-revision=99999999999999999999',
      'linearizable,min-revision=1',
    ]) {
      assert.throws(
        () => parseConsistency(text),
        /must be linearizable, serializable, min-revision=/,
        text,
      );
    }
  });
});

describe('a read', () => {
  it('that is serializable asks nobody; a linearizable one always does', async () => {
    const world = new Fixture();
    const local = world.read('serializable');
    await settle();
    assert.deepEqual([local.state, world.asked], ['served', 0]);
    for (let round = 1; round <= 2; round++) {
      const read = world.read('linearizable');
      await settle();
      assert.deepEqual([read.state, world.asked], ['waits', round]);
      await world.confirm();
      assert.equal(read.state, 'served');
    }
  });

  it('of a revision that is here asks nobody', async () => {
    const world = new Fixture();
    const read = world.read('min-revision=10');
    await settle();
    assert.deepEqual([read.state, world.asked], ['served', 0]);
  });

  it('of a revision that is not here asks for the newest, and is served when that is enough', async () => {
    const world = new Fixture();
    const read = world.read('min-revision=11');
    await settle();
    assert.equal(read.state, 'waits');
    world.revision = 11;
    await world.confirm();
    assert.equal(read.state, 'served');
  });

  it('of a revision of the future waits until it comes, or its time is over', async () => {
    const world = new Fixture();
    const patient = world.read('min-revision=12');
    const hasty = world.read('min-revision=12', world.nowMs + 100);
    await settle();
    await world.confirm();
    world.revision = 11;
    world.reads.advanced();
    world.nowMs += 100;
    world.reads.tick();
    await settle();
    assert.equal(hasty.state, StatusError.of('futureRev').message);
    assert.deepEqual([patient.state, world.reads.waiting], ['waits', true]);
    world.revision = 12;
    world.reads.advanced();
    await settle();
    assert.deepEqual([patient.state, world.reads.waiting], ['served', false]);
  });

  it('of bounded staleness asks nobody while the last round began within the bound', async () => {
    const world = new Fixture();
    const first = world.read('max-staleness=1s');
    await settle();
    assert.equal(first.state, 'waits');
    // The round takes long: what counts is when it began.
    world.nowMs += 700;
    await world.confirm();
    assert.deepEqual([first.state, world.reads.stalenessMs], ['served', 700]);
    world.nowMs += 300;
    const within = world.read('max-staleness=1s');
    await settle();
    assert.equal(within.state, 'served');
    world.nowMs += 1;
    const beyond = world.read('max-staleness=1s');
    await settle();
    assert.equal(beyond.state, 'waits');
  });

  it('past half of its bound brings the next round about, once, and does not wait for it', async () => {
    const world = new Fixture();
    const first = world.read('linearizable');
    await settle();
    await world.confirm();
    world.nowMs += 501;
    const reads = [world.read('max-staleness=1s'), world.read('max-staleness=1s')];
    await settle();
    assert.deepEqual(
      [first.state, ...reads.map(({ state }) => state)],
      ['served', 'served', 'served'],
    );
    assert.equal(world.asked, 2);
    await world.confirm();
    assert.equal(world.reads.stalenessMs, 0);
  });

  it('is not fooled by a clock that stands still', async () => {
    const world = new Fixture();
    void world.read('linearizable');
    await settle();
    await world.confirm();
    for (let ticks = 0; ticks * TICK_MS < 2_000; ticks++) world.reads.tick();
    assert.equal(world.reads.stalenessMs, 2_000);
    const read = world.read('max-staleness=1s');
    await settle();
    assert.equal(read.state, 'waits');
  });

  it('knows nothing once its clock was set back, until the next round', async () => {
    const world = new Fixture();
    void world.read('linearizable');
    await settle();
    await world.confirm();
    // The process stood still for a while, and then the clock was set.
    world.nowMs -= 86_400_000;
    assert.equal(world.reads.stalenessMs, undefined);
    const read = world.read('max-staleness=1h');
    await settle();
    assert.equal(read.state, 'waits');
    await world.confirm();
    assert.deepEqual([read.state, world.reads.stalenessMs], ['served', 0]);
  });

  it('of the future waits no longer for a clock that is set back', async () => {
    const world = new Fixture();
    const read = world.read('min-revision=12', world.nowMs + 1_000);
    await settle();
    await world.confirm();
    world.nowMs -= 86_400_000;
    world.reads.tick();
    world.nowMs += 1_000;
    world.reads.tick();
    await settle();
    assert.equal(read.state, StatusError.of('futureRev').message);
  });

  it('asks for one round at most, also for a revision and an age', async () => {
    const world = new Fixture();
    const read = world.read('min-revision=11, max-staleness=1s', world.nowMs + 100);
    await settle();
    await world.confirm();
    world.nowMs += 100;
    world.reads.tick();
    await settle();
    assert.deepEqual([read.state, world.asked], [StatusError.of('futureRev').message, 1]);
  });

  it('knows nothing after a rest, nor before the first round', async () => {
    const world = new Fixture();
    assert.equal(world.reads.stalenessMs, undefined);
    void world.read('linearizable');
    await settle();
    await world.confirm();
    world.reads.rest();
    assert.equal(world.reads.stalenessMs, undefined);
    const read = world.read('max-staleness=1h');
    await settle();
    assert.equal(read.state, 'waits');
  });

  it('knows nothing from a round that ends as the member comes to rest', async () => {
    const world = new Fixture();
    const read = world.read('linearizable');
    await settle();
    for (const round of world.rounds.splice(0)) round.confirm();
    world.reads.rest();
    await settle();
    assert.deepEqual([read.state, world.reads.stalenessMs], ['served', undefined]);
  });

  it('fails with its round, and when the member ends', async () => {
    const world = new Fixture();
    const asked = world.read('max-staleness=1s');
    await settle();
    for (const round of world.rounds.splice(0)) round.fail(StatusError.of('timeout'));
    await settle();
    assert.equal(asked.state, StatusError.of('timeout').message);
    const waiting = world.read('min-revision=99');
    await settle();
    await world.confirm();
    world.reads.failAll(StatusError.of('stopped'));
    await settle();
    assert.equal(waiting.state, StatusError.of('stopped').message);
  });
});

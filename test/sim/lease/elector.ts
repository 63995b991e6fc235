/** A client that campaigns, proclaims while it leads, also after it has stalled, and resigns or is lost. */
import type { LeaderRef } from './asks.ts';
import { type Beat, LeaseClient, WAIT_MS } from './lease-client.ts';

export const ELECTION_NAME = 'held/election';
const TRIES = 6;

export class Elector extends LeaseClient {
  #values = 0;

  protected override async run(): Promise<void> {
    for (;;) {
      await this.think(200);
      if (this.prng.bool(0.3)) await this.ask({ kind: 'leader', name: ELECTION_NAME });
      const beat = await this.grant(this.prng.pick([2, 2, 3]));
      if (beat === undefined) continue;
      if (this.prng.bool(0.8)) void this.keepAlive(beat);
      const leader = await this.#campaign(beat);
      if (leader !== undefined) await this.#lead(leader);
      beat.stopped = true;
      if (this.prng.bool(0.3)) await this.ask({ kind: 'revoke', lease: beat.lease });
    }
  }

  async #campaign({ lease }: Beat): Promise<LeaderRef | undefined> {
    const value = this.#value();
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const ask = { kind: 'campaign', name: ELECTION_NAME, lease, value } as const;
      const reply = await this.ask(ask, WAIT_MS);
      if (reply !== undefined && 'answer' in reply) return reply.answer.leader;
      if (reply !== undefined && GONE.test(reply.error)) return undefined;
    }
    return undefined;
  }

  async #lead(leader: LeaderRef): Promise<void> {
    for (let times = this.prng.below(4); times > 0; times--) {
      await this.ask({ kind: 'proclaim', leader, value: this.#value() });
      await this.think(150);
    }
    if (this.prng.bool()) await this.ask({ kind: 'resign', leader });
  }

  #value(): string {
    return `${this.name}.${++this.#values}`;
  }
}

const GONE = /not leader|session is expired|lease not found/;

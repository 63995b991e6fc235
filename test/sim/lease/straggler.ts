/**
 * A client whose connection stays at a leader that stood still, cut off from the others: while they elect
 * another it may revoke its lease there, and then asks the old one about it, who may still believe to lead.
 */
import type { LeaseId } from '../../../src/mvcc/types.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { LeaseClient } from './lease-client.ts';

/** Outlasts most pauses. */
const TTL_SECONDS = 5;
/** It takes another lease so often: an old one has a checkpoint, and then a renewal waits for the log. */
const REPLACE_MS = 1_000;
const RETRY_MS = 100;
/** How long after its pause a leader is asked: it steps down about an election timeout later. */
export const AFTERMATH_MS = 1_000;

export class Straggler extends LeaseClient {
  #lease: LeaseId | undefined;

  protected override async run(): Promise<void> {
    for (;;) {
      const beat = await this.grant(TTL_SECONDS);
      this.#lease = beat?.lease;
      await this.sleep(REPLACE_MS);
    }
  }

  /** The leader is cut off and stands still for so long. */
  async outlast(leader: NodeId, forMs: number): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    const wakesMs = this.nowMs + forMs;
    if (this.prng.bool()) await this.#revokeElsewhere(leader, lease, wakesMs);
    await this.sleep(wakesMs + AFTERMATH_MS * this.prng.float() - this.nowMs);
    void this.askAt(leader, { kind: 'timeToLive', lease });
    await this.askAt(leader, { kind: 'keepAlive', lease });
  }

  /** Asks the others in turn until one answers. */
  async #revokeElsewhere(leader: NodeId, lease: LeaseId, untilMs: number): Promise<void> {
    while (this.nowMs < untilMs) {
      const others = this.ports.cluster.memberIds().filter((id) => id !== leader);
      if (others.length === 0) return;
      const reply = await this.askAt(this.prng.pick(others), { kind: 'revoke', lease });
      if (reply !== undefined && 'answer' in reply) return;
      await this.sleep(RETRY_MS);
    }
  }
}

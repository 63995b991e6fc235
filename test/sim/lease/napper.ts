/**
 * A client that naps for half of the life of its leases, so that the log says how little remains of them, then
 * renews each once and leaves them alone. Leadership is lost right after: the next leader must go by the
 * renewals, and not by what the log said before. That happens in runs of their own, without other faults:
 * else no leader stays for long enough.
 */
import { Prng } from '../../../src/lib/prng.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import type { LeaseConstant } from '../patches.ts';
import { type ClientPorts, LeaseClient } from './lease-client.ts';

/** Of all runs. */
const SHARE = 0.1;
/** Keeps what is drawn here apart from all else that the seed decides. */
const SALT = 0x4a9;
const TTL_SECONDS = 9;
const LEASES = 4;
const NAP_MS_MIN = 4_000;
const NAP_MS_MAX = 6_000;
const SWEEP_MS = 2_000;
/** Until it goes on after leadership was lost. */
const RECOVERY_MS = 2_000;
/** In which it renews all its leases. */
const RENEWALS_MS = 100;

/** Has the run such a client? */
export function hasNappers(seed: number): boolean {
  return new Prng(seed ^ SALT).bool(SHARE);
}

/** With it, leases are checkpointed every two seconds. */
export function drawNapTuning(seed: number): Partial<Record<LeaseConstant, number>> {
  if (!hasNappers(seed)) return {};
  return {
    LEASE_CHECKPOINT_DRIFT_SECONDS_MIN: 0.3,
    LEASE_CHECKPOINT_DRIFT_SECONDS_MAX: 0.3,
    LEASE_CHECKPOINT_SWEEP_MS: SWEEP_MS,
  };
}

export class Napper extends LeaseClient {
  readonly #renewed: () => void;

  constructor(ports: ClientPorts, name: string, prng: Prng, renewed: () => void) {
    super(ports, name, prng, undefined);
    this.#renewed = renewed;
  }

  protected override async run(): Promise<void> {
    for (;;) {
      const beats = await Promise.all(
        Array.from({ length: LEASES }, () => this.grant(TTL_SECONDS)),
      );
      await this.sleep(NAP_MS_MIN + (NAP_MS_MAX - NAP_MS_MIN) * this.prng.float());
      const leases = beats.flatMap((beat) => (beat === undefined ? [] : [beat.lease]));
      await Promise.all(leases.map((lease) => this.#renew(lease)));
      this.#renewed();
      await this.sleep(RECOVERY_MS);
    }
  }

  async #renew(lease: LeaseId): Promise<void> {
    await this.sleep(RENEWALS_MS * this.prng.float());
    await this.ask({ kind: 'keepAlive', lease });
  }
}

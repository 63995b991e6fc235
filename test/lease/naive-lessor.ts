/** The lessor with a map of plain objects: what Lessor must be equal to. No pacing of expiry. */

export interface NaiveLease {
  readonly ttl: number;
  remaining: number;
  readonly keys: Set<string>;
}

export class NaiveLessor {
  leases = new Map<bigint, NaiveLease>();
  /** Milliseconds of a clock that is never set back. */
  nowMs: number;
  primary: { readonly term: number; readonly deadlines: Map<bigint, number> } | undefined;
  rested: { readonly term: number; readonly deadlines: Map<bigint, number> } | undefined;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  grant(id: bigint, ttlSeconds: number): number | undefined {
    if (id === 0n || ttlSeconds > 9_000_000_000 || this.leases.has(id)) return undefined;
    const ttl = Math.max(ttlSeconds, 2);
    this.leases.set(id, { ttl, remaining: 0, keys: new Set() });
    this.primary?.deadlines.set(id, this.nowMs + ttl * 1000);
    return ttl;
  }

  revoke(id: bigint): void {
    this.leases.delete(id);
    this.primary?.deadlines.delete(id);
  }

  attach(id: bigint, key: string): void {
    for (const lease of this.leases.values()) lease.keys.delete(key);
    this.leases.get(id)?.keys.add(key);
  }

  detach(id: bigint, key: string): void {
    this.leases.get(id)?.keys.delete(key);
  }

  checkpoint(id: bigint, seconds: number): void {
    const lease = this.leases.get(id);
    if (lease) lease.remaining = seconds > 0 && seconds < lease.ttl ? seconds : 0;
  }

  promote(term: number, extendMs: number): void {
    const deadlines = new Map<bigint, number>();
    for (const [id, { ttl, remaining }] of this.leases) {
      const rested = this.rested?.term === term ? this.rested.deadlines.get(id) : undefined;
      deadlines.set(id, rested ?? this.nowMs + (remaining || ttl) * 1000 + extendMs);
    }
    this.primary = { term, deadlines };
  }

  renew(id: bigint, term: number): string {
    if (this.primary?.term !== term) return 'notPrimary';
    const lease = this.leases.get(id);
    if (lease === undefined) return 'unknown';
    const deadline = this.primary.deadlines.get(id) ?? 0;
    if (deadline <= this.nowMs) return 'ended';
    this.primary.deadlines.set(id, Math.max(deadline, this.nowMs + lease.ttl * 1000));
    this.rested = undefined;
    return 'renewed';
  }

  rest(): void {
    if (this.primary === undefined || this.rested?.term === this.primary.term) return;
    this.rested = { term: this.primary.term, deadlines: new Map(this.primary.deadlines) };
  }
}

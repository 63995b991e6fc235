/**
 * What a member shows never goes back, whatever the level: its state only grows, and sleep takes nothing
 * of it. After a crash a member may begin with less, as etcd's may: whoever cannot have that asks for the
 * revision that he knows.
 */
import { describeRead, type LevelRead } from '../levels/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'reads at a member do not go back';

/** @throws Violation */
export function checkMonotonic(reads: readonly LevelRead[]): void {
  const last = new Map<number, { read: LevelRead; revision: number }>();
  const served = reads.filter((read) => read.served?.revision !== undefined);
  served.sort((left, right) => (left.served?.order ?? 0) - (right.served?.order ?? 0));
  for (const read of served) {
    const revision = read.served?.revision ?? 0;
    const before = last.get(read.life);
    if (before !== undefined && revision < before.revision) {
      throw new Violation(PROPERTY, `${describeRead(read)} after ${describeRead(before.read)}`);
    }
    last.set(read.life, { read, revision });
  }
}

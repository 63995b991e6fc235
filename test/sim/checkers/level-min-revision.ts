/**
 * A read that asks for revision R is answered from R or later. It is refused as of the future only when
 * nobody had been answered R before it began, and the member that refuses it has not got there.
 */
import { FUTURE_REVISION } from '../kv.ts';
import { describeRead, type LevelRead } from '../levels/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'never below the revision asked for';

/** @throws Violation */
export function checkMinRevision(reads: readonly LevelRead[]): void {
  for (const read of reads) {
    const { level, served, known } = read;
    if (served === undefined) continue;
    const { revision, error, applied } = served;
    if (revision !== undefined && revision < level.minRevision) {
      throw new Violation(PROPERTY, `${describeRead(read)} is below`);
    }
    if (error !== FUTURE_REVISION) continue;
    if (known >= level.minRevision) {
      throw new Violation(PROPERTY, `${describeRead(read)}: ${known} was known before it began`);
    }
    if (applied >= level.minRevision) {
      throw new Violation(PROPERTY, `${describeRead(read)}: the member had ${applied}`);
    }
  }
}

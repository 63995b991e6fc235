/** How fresh a read has to be: what etcd knows as serializable or not, and two levels between them. */
import { Code, StatusError } from './errors.ts';

/** Names the level in HTTP headers, gRPC metadata and the metadata of a session's calls. */
export const CONSISTENCY_HEADER = 'edgetcd-consistency';
/** The same in the query of an HTTP request. */
export const CONSISTENCY_QUERY = 'consistency';

export interface Consistency {
  /** Everything that was committed when the read began is seen. */
  readonly linearizable: boolean;
  /** At least this revision is seen: 0 for any. Reads one's own writes at any member. */
  readonly minRevision: number;
  /** Everything is seen that was committed this long before the read began; Infinity for any age. */
  readonly maxStalenessMs: number;
}

const ANY = { linearizable: false, minRevision: 0, maxStalenessMs: Infinity } as const;

export const LINEARIZABLE: Consistency = { ...ANY, linearizable: true };
export const SERIALIZABLE: Consistency = ANY;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const FORMS =
  'linearizable, serializable, min-revision=<revision>, max-staleness=<number>ms|s|m|h, or the last two with a comma between them';

/** @throws StatusError InvalidArgument naming what is not understood */
export function parseConsistency(text: string): Consistency {
  const word = text.trim().toLowerCase();
  if (word === 'linearizable') return LINEARIZABLE;
  if (word === 'serializable') return SERIALIZABLE;
  let level: Consistency = SERIALIZABLE;
  for (const part of word.split(',')) {
    const match = /^(?<name>[a-z-]+) *[=:] *(?<number>\d+)(?<unit>[a-z]*)$/.exec(part.trim());
    const { name, number, unit } = match?.groups ?? {};
    const value = Number(number);
    const unitMs = UNIT_MS[unit ?? ''];
    if (name === 'min-revision' && unit === '' && Number.isSafeInteger(value)) {
      level = { ...level, minRevision: value };
    } else if (name === 'max-staleness' && unitMs !== undefined) {
      level = { ...level, maxStalenessMs: value * unitMs };
    } else {
      throw new StatusError(
        Code.InvalidArgument,
        `edgetcd: read ${CONSISTENCY_HEADER} "${text}": it must be ${FORMS}`,
      );
    }
  }
  return level;
}

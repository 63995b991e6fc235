/** A client that reads at any member, at every level, through the entry that HTTP and sessions use. */
import { CONSISTENCY_HEADER } from '../../../src/api/consistency.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import type { CallResult } from '../../../src/member/rpc.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { decodeAnswer, encodeCall } from '../etcd-messages.ts';
import type { Outcome, Request } from '../kv.ts';
import type { SimulatedMember } from '../simulated-member.ts';
import type { Level } from './record.ts';

export interface LevelRequest {
  readonly level: Level;
  /** As the client writes it beside the request; undefined: the request says it. */
  readonly text: string | undefined;
  readonly request: Request;
}

const ANY: Level = { linearizable: false, minRevision: 0, maxStalenessMs: Infinity };
const ALL = { kind: 'range', key: 'key/', end: 'key0' } as const;

/** Revisions that are asked for ahead of what is known; some never come. */
const FUTURE_REVISIONS = [1, 1, 3, 10, 1_000_000];

/** @param known the highest revision that this client heard of, from whomever */
export function drawRead(prng: Prng, known: number, keys: number): LevelRequest {
  const { level, text } = drawLevel(prng, known);
  const serializable = !level.linearizable;
  const target = prng.bool(0.4)
    ? { kind: 'range' as const, key: `key/${prng.below(keys)}` }
    : prng.pick([ALL, { ...ALL, keysOnly: true }, { ...ALL, countOnly: true }]);
  return { level, text, request: { ...target, serializable } };
}

/** A read that waits for a revision. */
export function waitFor(minRevision: number): LevelRequest {
  return {
    level: { ...ANY, minRevision },
    text: `min-revision=${minRevision}`,
    request: { ...ALL, countOnly: true, serializable: true },
  };
}

function drawLevel(prng: Prng, known: number): Omit<LevelRequest, 'request'> {
  const minRevision = prng.bool(0.1) ? known + prng.pick(FUTURE_REVISIONS) : known;
  const maxStalenessMs = prng.pick([0, 20, 100, 300, 1_000, 5_000]);
  const staleness = `max-staleness=${maxStalenessMs % 1_000 === 0 ? `${maxStalenessMs / 1_000}s` : `${maxStalenessMs}ms`}`;
  switch (prng.below(8)) {
    case 0:
      return {
        level: { ...ANY, linearizable: true },
        text: prng.bool() ? 'linearizable' : undefined,
      };
    case 1:
    case 2:
      return { level: ANY, text: prng.bool() ? 'serializable' : undefined };
    case 3:
    case 4:
      return { level: { ...ANY, minRevision }, text: `min-revision=${minRevision}` };
    case 5:
      return {
        level: { ...ANY, minRevision, maxStalenessMs },
        text: `min-revision=${minRevision}, ${staleness}`,
      };
    default:
      return { level: { ...ANY, maxStalenessMs }, text: staleness };
  }
}

/** Runs the read at an instance; resolves when that has made an answer. */
export function readAt(
  object: SimulatedMember,
  { request, text }: LevelRequest,
): Promise<CallResult> {
  const { method, body } = encodeCall(request);
  return object.call(method, body, undefined, text === undefined ? {} : { consistency: text });
}

export function outcomeOf({ request }: LevelRequest, answer: CallResult): Outcome {
  return decodeAnswer(request, answer);
}

export function describeRequest(member: NodeId, { text, request }: LevelRequest): string {
  return `reads at ${member}, ${CONSISTENCY_HEADER}: ${text ?? 'none'} ${JSON.stringify(request)}`;
}

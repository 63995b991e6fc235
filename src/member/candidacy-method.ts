/** Lock and Campaign: a call that enters a candidate, and is answered once that is the first. */
import { StatusError, type ErrorName } from '../api/errors.ts';
import type { MessageType } from '../api/messages.ts';
import {
  type Candidacy,
  type Candidates,
  codeless,
  decodeCandidacy,
  encodeCandidacy,
} from './candidates.ts';
import type { Method, Stamp } from './method-table.ts';

interface Steps<Q, I> {
  readonly enter: (request: Q) => Promise<Candidacy>;
  /** Of a candidacy that is first. */
  readonly answer: (candidacy: Candidacy) => I;
  /** When the candidate's own key went while it waited. */
  readonly lost: ErrorName;
}

export function candidacyMethod<Q extends object, I extends object>(
  candidates: Candidates,
  requestType: MessageType<Q, never>,
  responseType: MessageType<object, I>,
  { enter, answer, lost }: Steps<Q, I>,
): Method {
  const encode = (candidacy: Candidacy, stamp: Stamp): Uint8Array => {
    const header = stamp({ revision: candidacy.revision });
    return responseType.encode({ ...answer(candidacy), header }).finish();
  };
  return {
    kind: 'waiting',
    begin: (body, stamp) =>
      codeless(async () => {
        const candidacy = await enter(requestType.decode(body));
        return candidacy.isFirst
          ? { body: encode(candidacy, stamp) }
          : { state: encodeCandidacy(candidacy) };
      }),
    wait: (state, stamp, call) =>
      codeless(async () => {
        const candidacy = decodeCandidacy(state);
        const first = await candidates.becomeFirst(candidacy, call, () => StatusError.of(lost));
        return encode(first, stamp);
      }),
  };
}

/** What members ask their leader about leases: many questions a request, one answer to each, in order. */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import type { Key, LeaseId } from '../mvcc/types.ts';

export type LeaseQuestion =
  | { readonly kind: 'renew'; readonly id: LeaseId }
  | { readonly kind: 'timeToLive'; readonly id: LeaseId; readonly keys: boolean };

/** Times in seconds. */
export type LeaseAnswer =
  | { readonly kind: 'renewed'; readonly ttlSeconds: number }
  | {
      readonly kind: 'lives';
      readonly grantedSeconds: number;
      readonly remainingSeconds: number;
      /** In bytewise order; empty unless asked for. */
      readonly keys: readonly Key[];
    }
  /** There is no such lease, or no longer. */
  | { readonly kind: 'unknown' }
  /** The member asked does not lead, or not for certain. */
  | { readonly kind: 'notLeader' };

const Kind = { RENEW: 1, TIME_TO_LIVE: 2, TIME_TO_LIVE_KEYS: 3 } as const;
const Answer = { RENEWED: 1, LIVES: 2, UNKNOWN: 3, NOT_LEADER: 4 } as const;

export function encodeQuestions(questions: readonly LeaseQuestion[]): Uint8Array {
  const writer = new ByteWriter();
  for (const question of questions) {
    if (question.kind === 'renew') writer.u8(Kind.RENEW);
    else writer.u8(question.keys ? Kind.TIME_TO_LIVE_KEYS : Kind.TIME_TO_LIVE);
    writer.u64(question.id);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeQuestions(bytes: Uint8Array): LeaseQuestion[] {
  const reader = new ByteReader(bytes);
  const questions: LeaseQuestion[] = [];
  while (!reader.done) {
    const kind = reader.u8();
    const id = BigInt.asIntN(64, reader.u64());
    if (kind === Kind.RENEW) questions.push({ kind: 'renew', id });
    else if (kind === Kind.TIME_TO_LIVE || kind === Kind.TIME_TO_LIVE_KEYS) {
      questions.push({ kind: 'timeToLive', id, keys: kind === Kind.TIME_TO_LIVE_KEYS });
    } else throw new DecodeError(`question about lease ${id}: kind ${kind} is not known here`);
  }
  return questions;
}

export function encodeAnswers(answers: readonly LeaseAnswer[]): Uint8Array {
  const writer = new ByteWriter();
  for (const answer of answers) {
    switch (answer.kind) {
      case 'renewed':
        writer.u8(Answer.RENEWED);
        writer.varint(answer.ttlSeconds);
        break;
      case 'lives':
        writer.u8(Answer.LIVES);
        writer.varint(answer.grantedSeconds);
        writer.varint(answer.remainingSeconds);
        writer.varint(answer.keys.length);
        for (const key of answer.keys) writer.string(key);
        break;
      case 'unknown':
        writer.u8(Answer.UNKNOWN);
        break;
      case 'notLeader':
        writer.u8(Answer.NOT_LEADER);
    }
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeAnswers(bytes: Uint8Array): LeaseAnswer[] {
  const reader = new ByteReader(bytes);
  const answers: LeaseAnswer[] = [];
  while (!reader.done) answers.push(readAnswer(reader));
  return answers;
}

function readAnswer(reader: ByteReader): LeaseAnswer {
  const kind = reader.u8();
  switch (kind) {
    case Answer.RENEWED:
      return { kind: 'renewed', ttlSeconds: reader.varint() };
    case Answer.LIVES: {
      const grantedSeconds = reader.varint();
      const remainingSeconds = reader.varint();
      const keys: Key[] = [];
      for (let left = reader.varint(); left > 0; left--) keys.push(reader.string());
      return { kind: 'lives', grantedSeconds, remainingSeconds, keys };
    }
    case Answer.UNKNOWN:
      return { kind: 'unknown' };
    case Answer.NOT_LEADER:
      return { kind: 'notLeader' };
    default:
      throw new DecodeError(`answer about a lease: kind ${kind} is not known here`);
  }
}

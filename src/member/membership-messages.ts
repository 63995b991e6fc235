/** What a member asks its leader to change about the membership, and what it answers. */
import { StatusError, codeOf } from '../api/errors.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import type { NodeId } from '../raft/types.ts';

export type MembershipCommand =
  | { readonly kind: 'add'; readonly peerUrls: readonly string[]; readonly learner: boolean }
  | { readonly kind: 'remove'; readonly id: NodeId }
  | { readonly kind: 'update'; readonly id: NodeId; readonly peerUrls: readonly string[] }
  | { readonly kind: 'promote'; readonly id: NodeId }
  /** The learner `id` votes from now on, and `voter` is no member any more: in one change. */
  | { readonly kind: 'replace'; readonly id: NodeId; readonly voter: NodeId };

/** Unary, its request an encoded command `replace`, its response empty. */
export const REPLACE_METHOD = 'edgetcd.Cluster/ReplaceVoter';

export type MembershipAnswer =
  /** The change is applied at the leader. */
  | { readonly kind: 'done'; readonly id: NodeId }
  | { readonly kind: 'refused'; readonly error: StatusError }
  /** The member asked does not lead. */
  | { readonly kind: 'notLeader' };

const KINDS = ['add', 'remove', 'update', 'promote', 'replace'] as const;
const Answer = { DONE: 1, REFUSED: 2, NOT_LEADER: 3 } as const;
const PEER_URLS_MAX = 64;

export function encodeCommand(command: MembershipCommand): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(KINDS.indexOf(command.kind));
  writer.string(command.kind === 'add' ? '' : command.id);
  writer.u8(command.kind === 'add' && command.learner ? 1 : 0);
  const texts = textsOf(command);
  writer.varint(texts.length);
  for (const text of texts) writer.string(text);
  return writer.finish();
}

/** Peer URLs, or the voter that goes. */
function textsOf(command: MembershipCommand): readonly string[] {
  if (command.kind === 'add' || command.kind === 'update') return command.peerUrls;
  return command.kind === 'replace' ? [command.voter] : [];
}

/** @throws DecodeError */
export function decodeCommand(bytes: Uint8Array): MembershipCommand {
  const reader = new ByteReader(bytes);
  const kind = KINDS[reader.u8()];
  const id = reader.string();
  const learner = reader.u8() === 1;
  const count = reader.varint();
  if (kind === undefined || count > PEER_URLS_MAX) {
    throw new DecodeError(
      `decode a change of membership: kind ${String(kind)}, ${count} peer URLs`,
    );
  }
  const peerUrls: string[] = [];
  for (let left = count; left > 0; left--) peerUrls.push(reader.string());
  switch (kind) {
    case 'add':
      return { kind, peerUrls, learner };
    case 'update':
      return { kind, id, peerUrls };
    case 'replace':
      return { kind, id, voter: peerUrls[0] ?? '' };
    default:
      return { kind, id };
  }
}

export function encodeAnswer(answer: MembershipAnswer): Uint8Array {
  const writer = new ByteWriter();
  switch (answer.kind) {
    case 'done':
      writer.u8(Answer.DONE);
      writer.string(answer.id);
      break;
    case 'refused':
      writer.u8(Answer.REFUSED);
      writer.varint(answer.error.code);
      writer.string(answer.error.message);
      break;
    case 'notLeader':
      writer.u8(Answer.NOT_LEADER);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeAnswer(bytes: Uint8Array): MembershipAnswer {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  switch (kind) {
    case Answer.DONE:
      return { kind: 'done', id: reader.string() };
    case Answer.REFUSED: {
      const code = codeOf(reader.varint());
      return { kind: 'refused', error: new StatusError(code, reader.string()) };
    }
    case Answer.NOT_LEADER:
      return { kind: 'notLeader' };
    default:
      throw new DecodeError(`decode an answer about membership: kind ${kind} is not known here`);
  }
}

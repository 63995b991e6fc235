import { PEER_FRAME_BYTES_MAX } from '../constants.ts';
import { encodeMessages, messageBytes } from '../raft/codec.ts';
import type { Message, NodeId } from '../raft/types.ts';
import type { PeerAddress, Transport } from './ports.ts';

/** Sends Raft's messages: one frame per peer and turn, cut at PEER_FRAME_BYTES_MAX. */
export class Peers {
  readonly #transport: Transport;
  readonly #addressOf: (id: NodeId) => PeerAddress | undefined;
  readonly #onUnreachable: (id: NodeId) => void;

  constructor(
    transport: Transport,
    addressOf: (id: NodeId) => PeerAddress | undefined,
    onUnreachable: (id: NodeId) => void,
  ) {
    this.#transport = transport;
    this.#addressOf = addressOf;
    this.#onUnreachable = onUnreachable;
  }

  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const byPeer = new Map<NodeId, Message[]>();
    for (const message of messages) {
      const batch = byPeer.get(message.to);
      if (batch === undefined) byPeer.set(message.to, [message]);
      else batch.push(message);
    }
    for (const [to, batch] of byPeer) this.#sendTo(to, batch);
  }

  #sendTo(to: NodeId, messages: readonly Message[]): void {
    const address = this.#addressOf(to);
    const sent =
      address !== undefined &&
      framesOf(messages).every((frame) => this.#transport.send(address, encodeMessages(frame)));
    if (!sent) this.#onUnreachable(to);
  }
}

function framesOf(messages: readonly Message[]): Message[][] {
  const frames: Message[][] = [];
  let frame: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = messageBytes(message);
    if (frame.length > 0 && bytes + size > PEER_FRAME_BYTES_MAX) {
      frames.push(frame);
      frame = [];
      bytes = 0;
    }
    frame.push(message);
    bytes += size;
  }
  if (frame.length > 0) frames.push(frame);
  return frames;
}

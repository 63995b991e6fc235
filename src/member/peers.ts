import { COMMIT_NEWS_DELAY_MS, PEER_FRAME_BYTES_MAX } from '../constants.ts';
import { encodeMessages, messageBytes } from '../raft/codec.ts';
import { type Message, MessageType, type NodeId } from '../raft/types.ts';
import type { Meters } from './meters.ts';
import type { Clock, PeerAddress, Timer, Transport } from './ports.ts';

export interface PeersPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly meters?: Meters;
}

/**
 * Sends Raft's messages: one frame per peer and turn, cut at PEER_FRAME_BYTES_MAX. News of commits is
 * held back for a moment, because an append that follows carries it (COMMIT_NEWS_DELAY_MS).
 */
export class Peers {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #meters: Meters | undefined;
  readonly #addressOf: (id: NodeId) => PeerAddress | undefined;
  readonly #onUnreachable: (id: NodeId) => void;
  /** The newest news for each peer. */
  readonly #news = new Map<NodeId, Message>();
  #newsTimer: Timer | undefined;

  constructor(
    { clock, transport, meters }: PeersPorts,
    addressOf: (id: NodeId) => PeerAddress | undefined,
    onUnreachable: (id: NodeId) => void,
  ) {
    this.#clock = clock;
    this.#transport = transport;
    this.#meters = meters;
    this.#addressOf = addressOf;
    this.#onUnreachable = onUnreachable;
  }

  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const byPeer = new Map<NodeId, Message[]>();
    for (const message of messages) {
      if (message.type === MessageType.commit) {
        this.#hold(message);
        continue;
      }
      const batch = byPeer.get(message.to);
      if (batch === undefined) byPeer.set(message.to, [message]);
      else batch.push(message);
    }
    for (const [to, batch] of byPeer) this.#sendTo(to, this.#withNews(to, batch));
  }

  /** Drops what is held and closes the streams: nothing of ours keeps the object awake. */
  quiet(): void {
    this.#newsTimer?.cancel();
    this.#newsTimer = undefined;
    this.#news.clear();
    this.#transport.quiet();
  }

  #hold(message: Message): void {
    this.#news.set(message.to, message);
    this.#newsTimer ??= this.#clock.setTimer(COMMIT_NEWS_DELAY_MS, () => {
      this.#newsTimer = undefined;
      const held = [...this.#news];
      this.#news.clear();
      for (const [to, news] of held) this.#sendTo(to, [news]);
    });
  }

  /** What was held for a peer goes along with whatever is sent to it, unless an append says it too. */
  #withNews(to: NodeId, messages: readonly Message[]): readonly Message[] {
    const news = this.#news.get(to);
    if (news === undefined) return messages;
    this.#news.delete(to);
    const said = messages.some(
      (message) => message.type === MessageType.append && message.commit >= news.commit,
    );
    return said ? messages : [news, ...messages];
  }

  #sendTo(to: NodeId, messages: readonly Message[]): void {
    const address = this.#addressOf(to);
    const sent =
      address !== undefined &&
      framesOf(messages).every((frame) => this.#sendFrame(address, encodeMessages(frame)));
    if (sent) return;
    this.#meters?.notSent(to);
    this.#onUnreachable(to);
  }

  #sendFrame(to: PeerAddress, frame: Uint8Array): boolean {
    const sent = this.#transport.send(to, frame);
    if (sent) this.#meters?.sent(to.id, frame.length);
    return sent;
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

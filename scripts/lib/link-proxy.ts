/**
 * The links between members of real processes. Each member's peer URL names a proxy; who sends is read
 * from the head of the first request on a connection, so each direction of each pair is a link of its
 * own that can be cut or slowed.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { PEER_HEADERS } from '../../src/member/peer-protocol.ts';

export interface LinkState {
  /** Nothing passes, connections are reset. */
  cut: boolean;
  /** Added to every piece of data, milliseconds. */
  delayMs: number;
  /** Up to this much more, evenly drawn for each piece; what was sent first still arrives first. */
  jitterMs: number;
  /**
   * Share of pieces that are lost and sent again by TCP: they, and all behind them, arrive a round trip
   * and RETRANSMIT_MS later.
   */
  loss: number;
}

/** Linux sends again after the round trip and at least this. */
const RETRANSMIT_MS = 200;

/** A head longer than this is none of our peers'. */
const HEAD_BYTES_MAX = 64 * 1024;

export class LinkProxy {
  readonly #links = new Map<string, LinkState>();
  readonly #open = new Map<Socket, string>();
  readonly #servers: Server[] = [];
  readonly #sender: RegExp;
  readonly #draw: () => number;

  /**
   * @param senderHeader names the sender in the head of its requests
   * @param draw gives numbers from 0 to 1, for jitter and loss
   */
  constructor(senderHeader: string = PEER_HEADERS.from, draw: () => number = Math.random) {
    this.#sender = new RegExp(`^${senderHeader}: *(\\S+)`, 'im');
    this.#draw = draw;
  }

  /** State of the link between two members, by the sender's id and the receiver's name. */
  link(fromId: string, to: string): LinkState {
    const name = `${fromId}>${to}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = { cut: false, delayMs: 0, jitterMs: 0, loss: 0 };
      this.#links.set(name, link);
    }
    return link;
  }

  /** Cuts a link and resets what runs over it. */
  cut(fromId: string, to: string): void {
    this.link(fromId, to).cut = true;
    for (const [socket, name] of this.#open) if (name === `${fromId}>${to}`) socket.destroy();
  }

  healAll(): void {
    for (const link of this.#links.values()) {
      Object.assign(link, { cut: false, delayMs: 0, jitterMs: 0, loss: 0 });
    }
  }

  /** Listens at `port` for what is meant for the member `to` at `target`. */
  async listen(port: number, to: string, target: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (inbound) => {
      this.#accept(inbound, to, target);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  }

  close(): void {
    for (const socket of this.#open.keys()) socket.destroy();
    for (const server of this.#servers) server.close();
  }

  /** Reads the first head, to know whose connection it is; then passes everything on. */
  #accept(inbound: Socket, to: string, target: number): void {
    let head = Buffer.alloc(0);
    inbound.on('error', () => inbound.destroy());
    const read = (piece: Buffer): void => {
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length < HEAD_BYTES_MAX) return;
      inbound.off('data', read);
      inbound.pause();
      this.#join(inbound, head, to, target);
    };
    inbound.on('data', read);
  }

  #join(inbound: Socket, head: Buffer, to: string, target: number): void {
    const from = this.#sender.exec(head.toString('latin1'))?.[1] ?? 'unknown';
    const link = this.link(from, to);
    if (link.cut) {
      inbound.destroy();
      return;
    }
    const outbound = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    this.#open.set(inbound, `${from}>${to}`);
    inbound.on('close', () => this.#open.delete(inbound));
    const pass = (source: Socket, out: Socket): LateWriter => {
      const late = new LateWriter(out, this.#draw);
      source.setNoDelay(true);
      source.on('data', (piece: Buffer) => {
        if (!link.cut) {
          late.write(piece, link);
          return;
        }
        inbound.destroy();
        outbound.destroy();
      });
      // What was sent before the end still arrives, late as everything.
      source.on('end', () => late.end(link));
      source.on('error', () => late.end(link));
      source.on('close', () => late.end(link));
      return late;
    };
    pass(outbound, inbound);
    pass(inbound, outbound).write(head, link);
    inbound.resume();
  }
}

/** Writes in order, each piece as late as its link has it. */
class LateWriter {
  readonly #out: Socket;
  readonly #draw: () => number;
  /** In order of `atMs`; the end of the connection is the last. */
  readonly #waiting: { readonly atMs: number; readonly piece: Buffer | 'end' }[] = [];
  #ended = false;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Socket, draw: () => number) {
    this.#out = out;
    this.#draw = draw;
  }

  end(link: LinkState): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#put('end', link);
  }

  write(piece: Buffer, link: LinkState): void {
    this.#put(piece, link);
  }

  #put(piece: Buffer | 'end', { delayMs, jitterMs, loss }: LinkState): void {
    let lateMs = delayMs + (jitterMs > 0 ? jitterMs * this.#draw() : 0);
    if (loss > 0 && this.#draw() < loss) lateMs += 2 * delayMs + RETRANSMIT_MS;
    if (lateMs === 0 && this.#waiting.length === 0) {
      this.#pass(piece);
      return;
    }
    this.#lastMs = Math.max(performance.now() + lateMs, this.#lastMs);
    this.#waiting.push({ atMs: this.#lastMs, piece });
    this.#wait();
  }

  #wait(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#send(), Math.max(0, first.atMs - performance.now()));
  }

  #send(): void {
    this.#timer = undefined;
    if (this.#out.destroyed) return;
    // Timers may run up to a millisecond early.
    const dueMs = performance.now() + 1;
    while ((this.#waiting[0]?.atMs ?? Infinity) <= dueMs) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#pass(next.piece);
    }
    this.#wait();
  }

  #pass(piece: Buffer | 'end'): void {
    if (this.#out.destroyed) return;
    if (piece === 'end') this.#out.end();
    else this.#out.write(piece);
  }
}

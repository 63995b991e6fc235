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
}

/** A head longer than this is none of our peers'. */
const HEAD_BYTES_MAX = 64 * 1024;

export class LinkProxy {
  readonly #links = new Map<string, LinkState>();
  readonly #open = new Map<Socket, string>();
  readonly #servers: Server[] = [];

  /** State of the link between two members, by the sender's id and the receiver's name. */
  link(fromId: string, to: string): LinkState {
    const name = `${fromId}>${to}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = { cut: false, delayMs: 0 };
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
      link.cut = false;
      link.delayMs = 0;
    }
  }

  /** Listens at `port` for what is meant for the member `to` at `target`. */
  async listen(port: number, to: string, target: number): Promise<void> {
    const server = createServer((inbound) => {
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
    const sender = new RegExp(`^${PEER_HEADERS.from}: *(\\S+)`, 'im').exec(head.toString('latin1'));
    const from = sender?.[1] ?? 'unknown';
    const link = this.link(from, to);
    if (link.cut) {
      inbound.destroy();
      return;
    }
    const outbound = connect(target, '127.0.0.1');
    this.#open.set(inbound, `${from}>${to}`);
    const end = (): void => {
      this.#open.delete(inbound);
      inbound.destroy();
      outbound.destroy();
    };
    for (const socket of [inbound, outbound]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    const pass = (out: Socket) => (piece: Buffer) => {
      if (link.cut) end();
      else if (link.delayMs === 0) out.write(piece);
      else setTimeout(() => !out.destroyed && out.write(piece), link.delayMs);
    };
    outbound.write(head);
    inbound.on('data', pass(outbound));
    outbound.on('data', pass(inbound));
    inbound.resume();
  }
}

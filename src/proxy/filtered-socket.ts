import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { AuthorityFilter } from './authority.ts';

/** A connection of which HTTP/2 reads what the filter lets through, and to which it writes as to any. */
export class FilteredSocket extends Duplex {
  readonly #socket: Socket;
  readonly #filter = new AuthorityFilter();

  constructor(socket: Socket) {
    super({ allowHalfOpen: false, autoDestroy: true });
    this.#socket = socket;
    // A connection may break after HTTP/2 has let go of it.
    this.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      let more = true;
      for (const bytes of this.#filter.push(chunk)) more = this.push(bytes);
      if (!more) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork();
    const last = chunks.length - 1;
    for (const [at, { chunk }] of chunks.entries()) {
      if (at === last) this.#socket.write(chunk, done);
      else this.#socket.write(chunk);
    }
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

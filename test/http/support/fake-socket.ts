/** The Worker's end of a WebSocket to a member, whose other end is the test. */
type Listener = (event: { data?: unknown; code?: number; reason?: string }) => void;

export class FakeSocket {
  binaryType = '';
  onClose: () => void = () => undefined;
  isClosed = false;
  #onFrame: ((bytes: Uint8Array) => void) | undefined;
  /** Came before the test listened. */
  readonly #early: Uint8Array[] = [];
  readonly #listeners: { readonly type: string; readonly listener: Listener }[] = [];

  accept(): void {
    // Frames come as soon as the test sends them.
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push({ type, listener });
  }

  /** `onFrame` gets what the Worker sends, but for text frames, which are pings. */
  listen(onFrame: (bytes: Uint8Array) => void): void {
    this.#onFrame = onFrame;
    for (const bytes of this.#early.splice(0)) onFrame(bytes);
  }

  send(data: Uint8Array | string): void {
    if (typeof data === 'string' || this.isClosed) return;
    if (this.#onFrame === undefined) this.#early.push(data.slice());
    else this.#onFrame(data.slice());
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClose();
  }

  /** The member sends a frame. */
  receive(bytes: Uint8Array): void {
    const { buffer } = bytes.slice();
    this.#emit('message', { data: buffer });
  }

  /** The member is gone. */
  lose(code = 1006): void {
    this.isClosed = true;
    this.#emit('close', { code, reason: '' });
  }

  #emit(type: string, event: Parameters<Listener>[0]): void {
    for (const each of this.#listeners) if (each.type === type) each.listener(event);
  }
}

import { JsonSplitter } from '../../api/json.ts';

/** The JSON values of a request body that may go on as long as the answer. */
export class RequestValues {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #splitter = new JsonSplitter();
  #ended = false;

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader();
  }

  /**
   * The values that are complete next, at least one; undefined at the end of the body.
   * @throws StatusError for one that is too long
   */
  async next(): Promise<readonly Uint8Array[] | undefined> {
    while (!this.#ended && this.#reader !== undefined) {
      const { done, value } = await this.#reader.read();
      if (done) {
        this.#ended = true;
        const rest = this.#splitter.end();
        return rest === undefined ? undefined : [rest];
      }
      const values = this.#splitter.push(value);
      if (values.length > 0) return values;
    }
    return undefined;
  }
}

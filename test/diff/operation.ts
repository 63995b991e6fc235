/** One call of the stream, and what a server answers to it. */
export interface Operation {
  /** Of etcd's JSON gateway, such as /v3/kv/put. */
  readonly path: string;
  /** JSON, or what a broken client takes for it. */
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

/** Anything that answers etcd's JSON gateway. */
export interface Target {
  call(operation: Operation): Promise<Answer>;
}

/** A server at a base URL, such as http://127.0.0.1:2379. */
export class HttpTarget implements Target {
  readonly #baseUrl: string;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl.replace(/\/$/, '');
  }

  /** @throws Error with the request, when the server closes the connection instead of answering */
  async call({ path, body }: Operation): Promise<Answer> {
    const url = this.#baseUrl + path;
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body }).catch((cause: unknown) => {
      throw new Error(`call POST ${url} with ${body}: no answer`, { cause });
    });
    const contentType = response.headers.get('content-type');
    return { status: response.status, contentType, body: await response.text() };
  }
}

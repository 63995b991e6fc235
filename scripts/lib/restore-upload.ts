/** Brings a state to every member of a new cluster, and lets the cluster take it at once. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StateFromDatabase } from '../../src/backend/restore.ts';
import { SNAPSHOT_CHUNK_BYTES } from '../../src/constants.ts';
import {
  encodeRestoreBody,
  encodeRestoreChunk,
  encodeRestoreFinish,
  encodeUpload,
  type RESTORE_METHODS,
} from '../../src/member/restore-messages.ts';
import { UsageError } from './usage.ts';

const VERIFY_TIMEOUT_MS = 60_000;
const VERIFY_POLL_MS = 200;
const NO_BYTES = new Uint8Array(0);

type Step = keyof typeof RESTORE_METHODS;

/** A member and where it is reached. */
interface Target {
  readonly name: string;
  readonly endpoint: string;
}

export interface UploadOptions {
  readonly endpoints: readonly string[];
  readonly token: string | undefined;
  /** Told of the bytes sent to each member so far. */
  readonly onProgress: (bytes: number) => void;
}

/** @throws UsageError with what a member answered */
export async function restoreInto(state: StateFromDatabase, options: UploadOptions): Promise<void> {
  const client = new RestoreClient(options.token);
  const targets = await client.targets(options.endpoints);
  const [first] = targets;
  if (first === undefined) throw new UsageError('restore: the cluster has no members');
  const upload = randomBytes(8).toString('hex');
  const toAll = (step: Step, body: Uint8Array): Promise<unknown> =>
    Promise.all(targets.map((target) => client.step(target, step, body)));
  try {
    await client.step(first, 'open', encodeUpload(upload));
    await toAll('begin', encodeUpload(upload));
    const hash = createHash('sha256');
    let chunks = 0;
    let bytes = 0;
    for (const body of bodies(state)) {
      await toAll('chunk', encodeRestoreChunk({ upload, number: chunks, body }));
      hash.update(body);
      chunks++;
      bytes += body.length;
      options.onProgress(bytes);
    }
    const digest = new Uint8Array(hash.digest());
    const whole = encodeRestoreFinish({ upload, chunks, digest });
    await toAll('finish', whole);
    await client.step(first, 'commit', whole);
  } catch (error) {
    await settle(client, { first, targets, upload, state }, error);
  }
  for (const target of targets) await client.verify(target, state.summary);
}

/**
 * Ends the upload after an error. An entry that ends it stands in the log behind one that may have
 * installed the state although no answer came: once it is applied the revision tells.
 * @throws the error, unless the cluster has taken the state
 */
async function settle(
  client: RestoreClient,
  upload: {
    readonly first: Target;
    readonly targets: readonly Target[];
    readonly upload: string;
    readonly state: StateFromDatabase;
  },
  error: unknown,
): Promise<void> {
  const { first, targets, state } = upload;
  await client.step(first, 'open', encodeUpload('')).catch(() => {
    throw error;
  });
  if ((await client.revisionOf(first)) === state.summary.revision && state.summary.revision > 1) {
    return;
  }
  const abort = encodeUpload(upload.upload);
  await Promise.allSettled(targets.map((target) => client.step(target, 'abort', abort)));
  throw error;
}

/** Chunks of about SNAPSHOT_CHUNK_BYTES: pages, then the leases. */
function* bodies(state: StateFromDatabase): Generator<Uint8Array, void, undefined> {
  let pages: Uint8Array[] = [];
  let bytes = 0;
  for (const some of state.pages()) {
    for (const page of some) {
      if (bytes + page.length > SNAPSHOT_CHUNK_BYTES && pages.length > 0) {
        yield encodeRestoreBody({ pages, leases: NO_BYTES });
        pages = [];
        bytes = 0;
      }
      pages.push(page);
      bytes += page.length;
    }
  }
  yield encodeRestoreBody({ pages, leases: NO_BYTES });
  for (let from = 0; from < state.leases.length; from += SNAPSHOT_CHUNK_BYTES) {
    const leases = state.leases.subarray(from, from + SNAPSHOT_CHUNK_BYTES);
    yield encodeRestoreBody({ pages: [], leases });
  }
}

class RestoreClient {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(token: string | undefined) {
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  /** Every member of the cluster, each at an endpoint that reaches it. */
  async targets(endpoints: readonly string[]): Promise<readonly Target[]> {
    const [first] = endpoints;
    if (first === undefined) throw new UsageError('restore: name an endpoint with --endpoint');
    const list = await this.#ask(first, '/v3/cluster/member/list', '{"linearizable":true}', {});
    const { members } = (await list.json()) as { members: readonly { readonly name?: string }[] };
    return await Promise.all(
      members.map(async ({ name = '' }) => ({
        name,
        endpoint: await this.#reach(name, endpoints),
      })),
    );
  }

  async step(target: Target, step: Step, body: Uint8Array): Promise<void> {
    await this.#ask(target.endpoint, `/edgetcd/restore/${step}`, body, {
      'X-Edgetcd-Member': target.name,
    });
  }

  async revisionOf(target: Target): Promise<number> {
    const response = await this.#ask(target.endpoint, '/v3/maintenance/status', '{}', {
      'X-Edgetcd-Member': target.name,
    });
    const { header } = (await response.json()) as {
      readonly header: { readonly revision: string };
    };
    return Number(header.revision);
  }

  /** The member holds exactly what stood in the file. */
  async verify(
    target: Target,
    expected: { readonly revision: number; readonly hash: number },
  ): Promise<void> {
    const deadlineMs = performance.now() + VERIFY_TIMEOUT_MS;
    const body = JSON.stringify({ revision: expected.revision });
    for (;;) {
      const answer = await this.#hashOf(target, body);
      if (answer === expected.hash) return;
      if (typeof answer === 'number' || performance.now() > deadlineMs) {
        throw new UsageError(
          `restore: member ${target.name} has hash ${answer} at revision ${expected.revision}, the file ${expected.hash}`,
        );
      }
      await sleep(VERIFY_POLL_MS);
    }
  }

  /** Its hash, or why it has none (yet). */
  async #hashOf(target: Target, body: string): Promise<number | string> {
    try {
      const response = await this.#ask(target.endpoint, '/v3/maintenance/hashkv', body, {
        'X-Edgetcd-Member': target.name,
      });
      return ((await response.json()) as { readonly hash?: number }).hash ?? 0;
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
  }

  async #reach(name: string, endpoints: readonly string[]): Promise<string> {
    for (const endpoint of endpoints) {
      const headers = { 'X-Edgetcd-Member': name };
      const answer = await this.#ask(endpoint, '/v3/maintenance/status', '{}', headers).catch(
        () => undefined,
      );
      if (answer?.headers.get('x-edgetcd-member') === name) return endpoint;
    }
    throw new UsageError(
      `restore: no endpoint reaches member ${name}, and all members must take part: name one for it with --endpoint`,
    );
  }

  async #ask(
    endpoint: string,
    path: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(endpoint + path, {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer>,
        headers: { ...this.#headers, ...headers },
      });
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new UsageError(`ask ${endpoint}${path}: ${String(cause)}`);
    }
    if (response.ok) return response;
    const text = await response.text();
    throw new UsageError(`ask ${endpoint}${path}: ${response.status} ${text.trim()}`);
  }
}

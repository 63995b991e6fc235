/** Maintenance/Snapshot over the JSON gateway, into a file that `etcdctl snapshot restore` takes. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { UsageError } from './usage.ts';

export interface SaveOptions {
  readonly endpoint: string;
  readonly token?: string | undefined;
  /** Told of the bytes that came and of those still to come. */
  readonly onProgress?: (bytes: number, remainingBytes: number) => void;
}

interface Line {
  readonly result?: { readonly blob?: string; readonly remaining_bytes?: string };
  readonly error?: { readonly message?: string };
}

/** Returns the bytes written. @throws UsageError when the member refuses, or the stream ends too early */
export async function saveSnapshot(path: string, options: SaveOptions): Promise<number> {
  const url = `${options.endpoint}/v3/maintenance/snapshot`;
  const response = await fetch(url, {
    method: 'POST',
    body: '{}',
    headers: options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` },
  }).catch((error: unknown) => {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new UsageError(`ask ${url}: ${String(cause)}`);
  });
  if (!response.ok || response.body === null) {
    throw new UsageError(`take a snapshot: ${response.status} ${await response.text()}`);
  }
  const file = createWriteStream(path);
  let bytes = 0;
  // The last message is the hash; before it nothing of the file remains.
  let ended = false;
  try {
    for await (const text of createInterface({ input: Readable.fromWeb(response.body) })) {
      if (text === '') continue;
      const { result, error } = JSON.parse(text) as Line;
      if (error !== undefined) throw new UsageError(`take a snapshot: ${error.message}`);
      const blob = Buffer.from(result?.blob ?? '', 'base64');
      bytes += blob.length;
      const remaining = Number(result?.remaining_bytes ?? '0');
      ended = remaining === 0 && blob.length === 32;
      options.onProgress?.(bytes, remaining);
      if (!file.write(blob)) await once(file, 'drain');
    }
  } finally {
    file.end();
    await once(file, 'close');
  }
  if (!ended) throw new UsageError(`take a snapshot: the stream ended after ${bytes} bytes`);
  return bytes;
}

import type { Metadata } from '../client/channel.ts';

/** Equal for equal metadata: calls may share an upstream only when the same is said of them. */
export function metadataKey(metadata: Metadata | undefined): string {
  return JSON.stringify(
    (metadata ?? []).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : Buffer.from(value).toString('base64'),
    ]),
  );
}

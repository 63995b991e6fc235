/** A stream that another member had before: its saved form, made from what the caller knows of it. */
import { toClampedNumber, type WatchCreateRequest } from '../api/messages.ts';
import { ByteWriter } from '../lib/binary.ts';
import { watchIdOf, writeHead, writeWatcher } from './registration.ts';
import { flagsOf } from './stream.ts';
import type { SavedStream } from './types.ts';
import { watchRange } from './watch-range.ts';
import { WatchFlag, WatchState } from './watcher.ts';

export interface StreamPosition {
  /** No smaller id was given by a server yet. */
  readonly nextId: number;
  /** Greatest revision in a header that the client has seen: this stream's revisions stay above it. */
  readonly sentRevision: number;
  readonly watchers: readonly {
    readonly id: bigint;
    /** First revision that the client has not seen. */
    readonly next: number;
    readonly request: WatchCreateRequest;
  }[];
}

/** For `WatchHub.restore`. Watchers whose range holds no key, which no server accepts, are left out. */
export function savedStreamAt({ nextId, sentRevision, watchers }: StreamPosition): SavedStream {
  const writer = new ByteWriter();
  writeHead(writer, { inRows: false, nextId, sentRevision, unreadMessages: 0, unreadBytes: 0 });
  for (const { id, next, request } of watchers) {
    const group = watchRange(request);
    if (group === undefined) continue;
    // QUEUED: `next` is where exactly it stands.
    const state = WatchState.QUEUED;
    const isFuture = toClampedNumber(request.start_revision) > sentRevision;
    const flags = flagsOf(request) | (isFuture ? WatchFlag.FUTURE : 0);
    writeWatcher(writer, { id: watchIdOf(id), flags, state, next, group });
  }
  return { attachment: writer.finish(), rows: [] };
}

/**
 * Watch messages as etcd's gateway writes them. Everything that several receivers share is made into
 * text once: the header and the events of a revision, and a whole message where ids are equal too.
 */
import { encodeJson } from '../api/json.ts';
import { Event, ResponseHeader, WatchResponse } from '../api/messages.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { EventBatch } from '../watch/event.ts';
import type { MessageHeader, WatchMessage } from '../watch/message.ts';

const headers = new WeakMap<MessageHeader, string>();
const batches = new WeakMap<EventBatch, string>();
const lines = new WeakMap<WatchMessage, string>();
const encodedLines = new WeakMap<WatchMessage, Uint8Array>();

/** `{"result":{…}}`, without a line break. */
export function watchLine(message: WatchMessage): string {
  return cached(lines, message, () => {
    const { fields, watchId: watch_id, batch } = message;
    const own = encodeJson(WatchResponse, { ...fields, watch_id }).slice(1, -1);
    const events = batch === undefined ? '' : `,"events":${cached(batches, batch, eventsText)}`;
    const header = cached(headers, message.header, headerText);
    return `{"result":{"header":${header}${own === '' ? '' : `,${own}`}${events}}}`;
  });
}

/** The same in UTF-8. Shared by all receivers: do not write to it. */
export function watchLineBytes(message: WatchMessage): Uint8Array {
  return cached(encodedLines, message, () => encodeUtf8(watchLine(message)));
}

function headerText(header: MessageHeader): string {
  return encodeJson(ResponseHeader, header.message());
}

function eventsText(batch: EventBatch): string {
  return `[${batch
    .messages()
    .map((event) => encodeJson(Event, event))
    .join(',')}]`;
}

function cached<K extends object, V>(cache: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = cache.get(key);
  if (value === undefined) cache.set(key, (value = make(key)));
  return value;
}

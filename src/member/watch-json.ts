/**
 * Watch messages as etcd's gateway writes them. Everything that several receivers share is made into
 * text once, and kept with it: the header and the events of a revision, and a whole message where ids are
 * equal too. Events are written straight from the changes, for they are most of what a member writes.
 */
import { encodeJson } from '../api/json.ts';
import { ResponseHeader, WatchResponse } from '../api/messages.ts';
import { encodeBase64 } from '../lib/base64.ts';
import { bytesOf } from '../lib/bytes.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { KeyValue } from '../mvcc/types.ts';
import type { EventBatch, WatchEvent } from '../watch/event.ts';
import type { MessageHeader, WatchMessage } from '../watch/message.ts';

/** `{"result":{…}}`, without a line break. */
export function watchLine(message: WatchMessage): string {
  message.line ??= lineOf(message);
  return message.line;
}

/** The same in UTF-8. Shared by all receivers: do not write to it. */
export function watchLineBytes(message: WatchMessage): Uint8Array {
  message.lineBytes ??= encodeUtf8(watchLine(message));
  return message.lineBytes;
}

function lineOf({ header, fields, watchId: watch_id, batch }: WatchMessage): string {
  const own = encodeJson(WatchResponse, { ...fields, watch_id }).slice(1, -1);
  const events = batch === undefined ? '' : `,"events":${eventsText(batch)}`;
  return `{"result":{"header":${headerText(header)}${own === '' ? '' : `,${own}`}${events}}}`;
}

function headerText(header: MessageHeader): string {
  header.text ??= encodeJson(ResponseHeader, { ...header.identity, revision: header.revision });
  return header.text;
}

function eventsText(batch: EventBatch): string {
  batch.text ??= `[${batch.events.map(eventText).join()}]`;
  return batch.text;
}

/** The JSON of mvccpb.Event: fields in the order of their numbers, those with their default left out. */
function eventText({ change, previous }: WatchEvent): string {
  const type = change.type === 'delete' ? '"type":"DELETE",' : '';
  const past = previous === undefined ? '' : `,"prev_kv":${pairText(previous)}`;
  return `{${type}"kv":${pairText(change.kv)}${past}}`;
}

/** The JSON of mvccpb.KeyValue. Keys are never empty, and every pair has a mod_revision. */
function pairText(kv: KeyValue): string {
  const { createRevision, modRevision, version, value, lease } = kv;
  const created = createRevision === 0 ? '' : `,"create_revision":"${createRevision}"`;
  const times = version === 0 ? '' : `,"version":"${version}"`;
  const held = value.length === 0 ? '' : `,"value":"${encodeBase64(value)}"`;
  const lent = lease === 0n ? '' : `,"lease":"${BigInt.asIntN(64, lease)}"`;
  const key = encodeBase64(bytesOf(kv.key));
  return `{"key":"${key}"${created},"mod_revision":"${modRevision}"${times}${held}${lent}}`;
}

/** The two ways in which a watch stream is written into an HTTP answer. */
import { errorLine } from '../../api/json.ts';
import type { StatusError } from '../../api/errors.ts';
import { encodeUtf8 } from '../../lib/utf8.ts';
import { JSON_LINES } from '../streams.ts';
import type { WatchFormat } from './session.ts';

const LINE_BREAK = encodeUtf8('\n');
const BLANK_LINE = encodeUtf8('\n\n');
const DATA = encodeUtf8('data: ');

/** etcd's gateway: one JSON value a line. */
export const LINES: WatchFormat = {
  message: ({ line }) => [line, LINE_BREAK],
  error: (error) => [encodeUtf8(errorLine(error))],
  bookmark: () => undefined,
  heartbeat: JSON_LINES.heartbeat,
};

/**
 * Server-sent events (WHATWG HTML, "server-sent events"). The id is the last revision that the client
 * has seen whole: its EventSource sends it back as Last-Event-ID when it connects again.
 */
export const SERVER_SENT_EVENTS: WatchFormat = {
  message: ({ line, canceled }, next) => [
    encodeUtf8(idLine(canceled, next)),
    DATA,
    line,
    BLANK_LINE,
  ],
  error: (error: StatusError) => [encodeUtf8(`event: error\ndata: ${errorLine(error)}\n`)],
  bookmark: (revision) => [encodeUtf8(`id: ${revision}\n\n`)],
  heartbeat: encodeUtf8(': still here\n\n'),
};

/** A canceled watcher has nothing to resume: an empty id takes back the last one. */
function idLine(canceled: boolean, next: number): string {
  if (canceled) return 'id\n';
  return next > 0 ? `id: ${next - 1}\n` : '';
}

import type { ServerOptions, Settings } from 'node:http2';
import {
  PROXY_RESETS_AT_ONCE_MAX,
  PROXY_RESETS_PER_SECOND_MAX,
  PROXY_SESSION_MEMORY_MEGABYTES_MAX,
  PROXY_STREAM_WINDOW_BYTES,
  PROXY_STREAMS_MAX,
} from '../constants.ts';

export const HTTP2_SETTINGS: Settings = {
  initialWindowSize: PROXY_STREAM_WINDOW_BYTES,
  maxConcurrentStreams: PROXY_STREAMS_MAX,
};

/** For `http2.createServer`. */
export const HTTP2_OPTIONS: ServerOptions = {
  settings: HTTP2_SETTINGS,
  maxSessionMemory: PROXY_SESSION_MEMORY_MEGABYTES_MAX,
  streamResetBurst: PROXY_RESETS_AT_ONCE_MAX,
  streamResetRate: PROXY_RESETS_PER_SECOND_MAX,
};

/** The JSON of etcd's gateway: requests, responses, streams of either, and errors. */
export { decodeJson } from './json-decode.ts';
export { encodeJson } from './json-encode.ts';
export { errorJson, errorLine, resultLine } from './json-errors.ts';
export { JsonSplitter } from './json-stream.ts';

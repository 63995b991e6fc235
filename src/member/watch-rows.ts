/** Saved watchers that do not fit into their socket's attachment, as rows. */
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { readNote, writeNote } from '../lib/note-row.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { SavedRow } from '../watch/types.ts';

const STREAM_TABLE = 'watch_streams';
/** Ids of a stream's rows: its number times this, plus the row's index. */
const ROWS_OF_STREAM_MAX = 2 ** 20;
const CLOCK_TABLE = 'watch_clock';
const CLOCK_ROW = 0;

export class WatchRows {
  readonly #rows: RowStore;

  constructor(rows: RowStore) {
    this.#rows = rows;
  }

  save(stream: number, rows: readonly SavedRow[]): void {
    for (const { index, bytes } of rows) {
      const id = stream * ROWS_OF_STREAM_MAX + index;
      if (bytes === undefined) this.#rows.delete(STREAM_TABLE, id);
      else this.#rows.put(STREAM_TABLE, id, EMPTY_BYTES, bytes);
    }
  }

  drop(stream: number): void {
    const [from, to] = idsOf(stream);
    this.#rows.deleteRange(STREAM_TABLE, from, to);
  }

  load(stream: number): readonly SavedRow[] {
    const [from, to] = idsOf(stream);
    return this.#rows
      .rows(STREAM_TABLE, from, to, ROWS_OF_STREAM_MAX)
      .map(({ id, data }) => ({ index: id - from, bytes: data }));
  }

  /** Streams that have rows. Those without a socket are gone: the socket broke while nobody was there. */
  streams(): number[] {
    const streams: number[] = [];
    let row = this.#rows.ceiling(STREAM_TABLE, 0);
    while (row !== undefined) {
      const stream = Math.floor(row.id / ROWS_OF_STREAM_MAX);
      streams.push(stream);
      row = this.#rows.ceiling(STREAM_TABLE, (stream + 1) * ROWS_OF_STREAM_MAX);
    }
    return streams;
  }

  /** When periodic progress is due next, milliseconds since the epoch. */
  saveTick(atMs: number): void {
    writeNote(this.#rows, CLOCK_TABLE, CLOCK_ROW, (writer) => {
      writer.varint(Math.max(0, Math.ceil(atMs)));
    });
  }

  loadTick(): number | undefined {
    return readNote(this.#rows, CLOCK_TABLE, CLOCK_ROW, (reader) => reader.varint());
  }
}

function idsOf(stream: number): [from: number, to: number] {
  return [stream * ROWS_OF_STREAM_MAX, (stream + 1) * ROWS_OF_STREAM_MAX - 1];
}

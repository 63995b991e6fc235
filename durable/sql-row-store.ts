/**
 * The RowStore of a Durable Object: one SQL table for each table, in the object's own SQLite
 * database. Statements are fixed texts, so that the platform's statement cache always hits.
 *
 * Numbers bind as REAL there; the INTEGER columns turn them back without loss up to 2^53.
 */
import type {
  DurableObjectStorage,
  SqlStorageCursor,
  SqlStorageValue,
} from '@cloudflare/workers-types';
import { ROW_BYTES_MAX } from '../src/constants.ts';
import { RowTooBigError, StorageFullError } from '../src/lib/row-store.ts';
import type { Row, RowHead, RowStore } from '../src/lib/row-store.ts';

/** Version of the tables' layout. A change of layout raises it and brings a migration. */
const SCHEMA_VERSION = 1;
/** Our tables carry it, so that they never meet the platform's or the schema's own names. */
const TABLE_PREFIX = 'rows_';
const TABLE_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** The database was written by newer code than this. */
export class SchemaVersionError extends Error {
  override readonly name = 'SchemaVersionError';
}

/** What of a Durable Object's storage is used here. */
export type SqlDatabase = Pick<DurableObjectStorage, 'sql' | 'transactionSync'>;

type SqlRow = Record<'id', number> & Record<'head' | 'data', ArrayBuffer>;
type SqlHead = Omit<SqlRow, 'data'>;

interface Statements {
  readonly create: string;
  readonly get: string;
  readonly floor: string;
  readonly ceiling: string;
  readonly heads: string;
  readonly rows: string;
  readonly put: string;
  readonly delete: string;
  readonly deleteRange: string;
  readonly drop: string;
}

export class SqlRowStore implements RowStore {
  readonly #storage: SqlDatabase;
  readonly #statements = new Map<string, Statements>();
  /** Tables that exist, inside the running transaction if there is one. */
  #known: Set<string>;
  /** Rows read and written since construction: what the platform bills. */
  rowsRead = 0;
  rowsWritten = 0;

  /** Throws SchemaVersionError if the database is newer than this code. */
  constructor(storage: SqlDatabase) {
    this.#storage = storage;
    const tables = this.#run<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    ).map(({ name }) => name);
    this.#known = new Set(
      tables
        .filter((name) => name.startsWith(TABLE_PREFIX))
        .map((name) => name.slice(TABLE_PREFIX.length)),
    );
    if (!tables.includes('schema')) {
      storage.transactionSync(() => {
        this.#run('CREATE TABLE schema (version INTEGER NOT NULL)');
        this.#run('INSERT INTO schema (version) VALUES (?)', SCHEMA_VERSION);
      });
      return;
    }
    const version = this.#run<{ version: number }>('SELECT version FROM schema')[0]?.version;
    if (version !== SCHEMA_VERSION) {
      throw new SchemaVersionError(
        `open the object's database: its schema has version ${version}, this code knows ${SCHEMA_VERSION}`,
      );
    }
  }

  get(table: string, id: number): Row | undefined {
    return this.#one(table, this.#of(table).get, id);
  }

  floor(table: string, id: number): Row | undefined {
    return this.#one(table, this.#of(table).floor, id);
  }

  ceiling(table: string, id: number): Row | undefined {
    return this.#one(table, this.#of(table).ceiling, id);
  }

  heads(table: string, from: number, to: number, limit: number): RowHead[] {
    const statement = this.#of(table).heads;
    if (!this.#known.has(table)) return [];
    const found = this.#run<SqlHead>(statement, from, to, bounded(limit));
    return found.map((row) => ({ id: row.id, head: new Uint8Array(row.head) }));
  }

  rows(table: string, from: number, to: number, limit: number): Row[] {
    const statement = this.#of(table).rows;
    if (!this.#known.has(table)) return [];
    return this.#run<SqlRow>(statement, from, to, bounded(limit)).map(rowOf);
  }

  put(table: string, id: number, head: Uint8Array, data: Uint8Array): void {
    const statements = this.#of(table);
    if (!(Number.isSafeInteger(id) && id >= 0)) {
      throw new RangeError(`put into ${table}: id ${id} is not a safe integer >= 0`);
    }
    const bytes = head.length + data.length;
    if (bytes > ROW_BYTES_MAX) {
      throw new RowTooBigError(
        `put row ${id} of ${table}: ${bytes} bytes, more than the ${ROW_BYTES_MAX} a row may hold`,
      );
    }
    if (!this.#known.has(table)) {
      this.#run(statements.create);
      this.#known.add(table);
    }
    this.#run(statements.put, id, head, data);
  }

  delete(table: string, id: number): void {
    const statement = this.#of(table).delete;
    if (this.#known.has(table)) this.#run(statement, id);
  }

  deleteRange(table: string, from: number, to: number): void {
    const statement = this.#of(table).deleteRange;
    if (this.#known.has(table)) this.#run(statement, from, to);
  }

  drop(table: string): void {
    const statement = this.#of(table).drop;
    if (!this.#known.delete(table)) return;
    this.#run(statement);
  }

  tables(): string[] {
    return [...this.#known].sort();
  }

  sizeBytes(): number {
    return this.#storage.sql.databaseSize;
  }

  atomically<T>(run: () => T): T {
    const known = new Set(this.#known);
    try {
      return this.#storage.transactionSync(() => {
        const result = run();
        // The platform would take it, and run all after the first await outside the transaction.
        if (result instanceof Promise) {
          throw new TypeError(
            'atomically: the function returned a promise; it must be synchronous',
          );
        }
        return result;
      });
    } catch (error) {
      this.#known = known;
      throw error;
    }
  }

  #one(table: string, statement: string, id: number): Row | undefined {
    if (!this.#known.has(table)) return undefined;
    const found = this.#run<SqlRow>(statement, id)[0];
    return found === undefined ? undefined : rowOf(found);
  }

  /** Runs one statement to its end: an open cursor would make the next equal statement compile anew. */
  #run<T extends Record<string, SqlStorageValue>>(
    statement: string,
    ...bindings: (number | Uint8Array)[]
  ): T[] {
    let cursor: SqlStorageCursor<T>;
    let found: T[];
    try {
      cursor = this.#storage.sql.exec<T>(statement, ...bindings);
      found = cursor.toArray();
    } catch (error) {
      throw translated(error, statement);
    }
    this.rowsRead += cursor.rowsRead;
    this.rowsWritten += cursor.rowsWritten;
    return found;
  }

  #of(table: string): Statements {
    let statements = this.#statements.get(table);
    if (statements === undefined) {
      if (!TABLE_NAME.test(table)) {
        throw new RangeError(
          `table "${table}": not a name of a-z, 0-9 and _ that begins with a letter`,
        );
      }
      statements = statementsFor(`"${TABLE_PREFIX}${table}"`);
      this.#statements.set(table, statements);
    }
    return statements;
  }
}

function statementsFor(name: string): Statements {
  return {
    create: `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, head BLOB NOT NULL, data BLOB NOT NULL)`,
    get: `SELECT id, head, data FROM ${name} WHERE id = ?`,
    floor: `SELECT id, head, data FROM ${name} WHERE id <= ? ORDER BY id DESC LIMIT 1`,
    ceiling: `SELECT id, head, data FROM ${name} WHERE id >= ? ORDER BY id LIMIT 1`,
    heads: `SELECT id, head FROM ${name} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
    rows: `SELECT id, head, data FROM ${name} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
    put: `INSERT INTO ${name} (id, head, data) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET head = excluded.head, data = excluded.data`,
    delete: `DELETE FROM ${name} WHERE id = ?`,
    deleteRange: `DELETE FROM ${name} WHERE id BETWEEN ? AND ?`,
    drop: `DROP TABLE ${name}`,
  };
}

function rowOf(row: SqlRow): Row {
  return { id: row.id, head: new Uint8Array(row.head), data: new Uint8Array(row.data) };
}

/** LIMIT takes integers alone. */
function bounded(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}

/** The platform names SQLite's error code at the end of its message, and nowhere else. */
function translated(error: unknown, statement: string): unknown {
  if (!(error instanceof Error)) return error;
  const verb = statement.slice(0, statement.indexOf(' ')).toLowerCase();
  if (error.message.includes('SQLITE_FULL')) {
    return new StorageFullError(`${verb} rows: the object's storage is full`, { cause: error });
  }
  if (error.message.includes('SQLITE_TOOBIG')) {
    return new RowTooBigError(`${verb} rows: a row is larger than the platform takes`, {
      cause: error,
    });
  }
  return error;
}

/**
 * A local cluster's folder: `cluster.json` says what the data belongs to, `state/` holds the objects'
 * databases, `run/` what is made anew at each start.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from './usage.ts';

/** Raise it when old data can no longer be opened. */
const FORMAT = 1;

/** Contents of cluster.json. */
interface Description {
  readonly format: number;
  /** As in EDGETCD_MEMBERS. Members' ids derive from it, so the data is good for this cluster only. */
  readonly members: string;
  /** Shared by the members, for peers that reach each other over HTTP. */
  readonly secret: string;
}

export interface DataDir {
  readonly path: string;
  readonly secret: string;
  readonly isNew: boolean;
  /** A folder below state/, made when missing. */
  stateDir(name: string): string;
  /** Path of a file below run/. */
  runFile(name: string): string;
  /** Lets others use the folder again. */
  release(): void;
}

/**
 * Opens a folder for one cluster and keeps other processes out of it.
 * @throws UsageError when it holds something else, another cluster, another format, or is in use.
 */
export function openDataDir(folder: string, members: string): DataDir {
  const path = resolve(folder);
  const file = join(path, 'cluster.json');
  const isNew = !existsSync(file);
  if (isNew) requireEmpty(path);
  const description = isNew ? create(path, file, members) : read(path, file);
  if (description.members !== members) {
    throw new UsageError(
      `${path} holds the data of a cluster of ${description.members}, and this start asks for ${members}: ` +
        'ask for the same members again, or choose another folder with --data-dir',
    );
  }
  mkdirSync(join(path, 'run'), { recursive: true });
  const lock = join(path, 'run', 'pid');
  takeLock(path, lock);
  return {
    path,
    secret: description.secret,
    isNew,
    stateDir(name) {
      const state = join(path, 'state', name);
      mkdirSync(state, { recursive: true });
      return state;
    },
    runFile: (name) => join(path, 'run', name),
    release: () => rmSync(lock, { force: true }),
  };
}

function requireEmpty(path: string): void {
  if (!existsSync(path)) return;
  if (readdirSync(path).length === 0) return;
  throw new UsageError(
    `${path} holds files but no cluster.json, so it is not a folder of edgetcd's: choose another with --data-dir`,
  );
}

function create(path: string, file: string, members: string): Description {
  const description = { format: FORMAT, members, secret: randomBytes(24).toString('base64url') };
  mkdirSync(path, { recursive: true });
  writeFileSync(file, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 });
  return description;
}

function read(path: string, file: string): Description {
  const text = readFileSync(file, 'utf8');
  const description = parse(text) as Partial<Description> | undefined;
  if (typeof description?.members !== 'string' || typeof description.secret !== 'string') {
    throw new UsageError(`${file} should hold JSON with members and secret, and is ${text.trim()}`);
  }
  if (description.format !== FORMAT) {
    throw new UsageError(
      `${path} has data format ${String(description.format)}, and this version reads ${FORMAT}: ` +
        'use the version that wrote it, or choose another folder with --data-dir',
    );
  }
  return { format: FORMAT, members: description.members, secret: description.secret };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function takeLock(path: string, lock: string): void {
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (holder > 0 && holder !== process.pid && isRunning(holder)) {
    throw new UsageError(
      `${path} is in use by process ${holder}: stop that one first, or choose another folder with --data-dir`,
    );
  }
  writeFileSync(lock, String(process.pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

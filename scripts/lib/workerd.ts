/** One workerd process: start, wait until it listens, stop, and never outlive the one who started it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endWithUs } from './guard.ts';

/** Path of the program itself, whether or not npm ran the package's install script. */
const PROGRAM = (createRequire(import.meta.url)('workerd') as { default: string }).default;

/** Longer than a start on a busy machine takes. */
const START_TIMEOUT_MS = 30_000;
/** workerd lets open connections finish after SIGTERM; streams and watches would hold it for ever. */
const STOP_GRACE_MS = 1_000;
const LAST_LINES_MAX = 40;

export interface WorkerdOptions {
  readonly configFile: string;
  /** Sockets that must listen before the process counts as started. */
  readonly sockets: number;
  readonly onLine: (line: string) => void;
}

export class Workerd {
  readonly pid: number;
  /** Settles when the process has ended, however that came about. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #hasEnded = false;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        this.#hasEnded = true;
        resolve();
      });
    });
  }

  /** @throws Error with the last lines of its output when it ends or keeps silent instead of listening. */
  static async start(options: WorkerdOptions): Promise<Workerd> {
    // A process group of its own: Ctrl-C reaches only us, and we decide the order in which things stop.
    const child = spawn(PROGRAM, ['serve', '--control-fd=3', options.configFile], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > LAST_LINES_MAX) lines.shift();
        options.onLine(line);
      });
    }
    if (child.pid === undefined) {
      // A spawn that fails reports why as an event in the next turn.
      throw await new Promise<Error>((resolve) => child.once('error', resolve));
    }
    const workerd = new Workerd(child, child.pid);
    endWithUs(workerd.pid, workerd.ended);
    try {
      await listening(child, options.sockets);
    } catch (error) {
      workerd.signal('SIGKILL');
      await workerd.ended;
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`start workerd with ${options.configFile}: ${text}\n${lines.join('\n')}`);
    }
    return workerd;
  }

  get alive(): boolean {
    return !this.#hasEnded;
  }

  /** Returns at once; wait for `ended` to know that it has worked. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** workerd writes one JSON line per socket to the control pipe as soon as it listens. */
function listening(child: ChildProcess, sockets: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`it does not listen after ${START_TIMEOUT_MS} ms`));
    }, START_TIMEOUT_MS);
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    };
    let waiting = sockets;
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      if (!line.includes('"listen"')) return;
      waiting--;
      if (waiting === 0) settle();
    });
    child.once('close', (code, signal) => {
      settle(new Error(`it ended with ${signal ?? `status ${code ?? 'unknown'}`}`));
    });
  });
}

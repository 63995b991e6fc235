/** What `npm start` and `npm run cluster` share: options, the banner, and stopping. */
import { relative, resolve } from 'node:path';
import { type LocalCluster, MEMBERS_MAX } from './cluster.ts';
import { ROOT } from './deployment.ts';
import { type Front, startFront } from './front.ts';
import { LOCAL_HOST } from './ports.ts';
import { UsageError, wholeNumber } from './usage.ts';

/** For readOptions; the same in both commands. */
export const LOCAL_OPTIONS = {
  'data-dir': { type: 'string' },
  members: { type: 'string', default: '3' },
  port: { type: 'string', default: '2379' },
  ephemeral: { type: 'boolean', default: false },
} as const;

/** Where etcdctl looks when it is not told. */
const ETCDCTL_DEFAULT = 'http://127.0.0.1:2379';

interface LocalValues {
  readonly 'data-dir'?: string;
  readonly members: string;
  readonly port: string;
  readonly ephemeral: boolean;
}

export interface LocalChoice {
  readonly members: number;
  readonly port: number;
  /** Undefined: a temporary folder. */
  readonly dataDir: string | undefined;
}

/** @throws UsageError for values that contradict each other or are out of range. */
export function readLocal(values: LocalValues, defaultFolder: string): LocalChoice {
  const folder = values['data-dir'];
  if (values.ephemeral && folder !== undefined) {
    throw new UsageError(
      `--ephemeral keeps nothing and --data-dir ${folder} keeps data: give one of the two`,
    );
  }
  return {
    members: wholeNumber('members', values.members, { min: 1, max: MEMBERS_MAX }),
    port: wholeNumber('port', values.port, { min: 1, max: 65_535 }),
    dataDir: values.ephemeral
      ? undefined
      : folder === undefined
        ? resolve(ROOT, defaultFolder)
        : resolve(userFolder(), folder),
  };
}

/** npm runs scripts in the top folder; a path is meant from where the user stands. */
export function userFolder(): string {
  return process.env['INIT_CWD'] ?? process.cwd();
}

/** A path as the user would type it. */
export function readablePath(path: string): string {
  const fromHere = relative(userFolder(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/**
 * Waits for the cluster to serve, opens `ports` to clients, one for each process, calls `announce` with
 * their endpoints, and runs until Ctrl-C or SIGTERM (status 0) or until
 * `crashed` settles (status 1). All processes are gone when it returns, however it returns.
 */
export async function serve(
  cluster: LocalCluster,
  ports: readonly number[],
  announce: (endpoints: readonly string[]) => Promise<void>,
  crashed: Promise<string> = new Promise(() => undefined),
): Promise<number> {
  const stopSignal = new Promise<'stop'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => resolve('stop'));
  });
  const crash = crashed.then((text) => {
    throw new UsageError(text);
  });
  const fronts: Front[] = [];
  const open = async (): Promise<void> => {
    await cluster.ready();
    for (const [index, { endpoint }] of cluster.processes.entries()) {
      fronts.push(await startFront(ports[index] ?? 0, endpoint));
    }
    await announce(fronts.map(({ endpoint }) => endpoint));
  };
  try {
    const started = open();
    if ((await Promise.race([stopSignal, crash, started])) === undefined) {
      await Promise.race([stopSignal, crash]);
    }
    console.log('\nstopping');
    return 0;
  } finally {
    await Promise.all(fronts.map((front) => front.stop()));
    await cluster.stop();
  }
}

/** @param endpoints for clients, one for each process */
export function printMembers(
  cluster: LocalCluster,
  endpoints: readonly string[],
  leader: string | undefined,
): void {
  const ownProcesses = cluster.processes.length > 1;
  for (const [index, { name, region, process }] of cluster.members.entries()) {
    const where = ownProcesses ? `  ${endpoints[index] ?? ''}  pid ${process.pid}` : '';
    console.log(`  ${name}  ${region}${where}${name === leader ? '  (leader)' : ''}`);
  }
}

export function printCommands(endpoint: string): void {
  const curl = (path: string, body: unknown): string =>
    `  curl -s ${endpoint}/v3/kv/${path} -d '${JSON.stringify(body)}'`;
  const key = base64('hello');
  const flags = endpoint === ETCDCTL_DEFAULT ? '' : `--endpoints ${endpoint} `;
  console.log(`\nFor etcd's own clients it is an etcd. Try:
  etcdctl ${flags}put hello world
  etcdctl ${flags}get hello

Over HTTP with JSON keys and values are base64. Try:
${curl('put', { key, value: base64('world') })}
${curl('range', { key })}
${curl('txn', {
  compare: [{ target: 'VALUE', key, value: base64('world') }],
  success: [{ request_put: { key, value: base64('again') } }],
})}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Name of the leader: every answer names it in a header. Undefined when there is none just now. */
export async function leaderOf(cluster: LocalCluster): Promise<string | undefined> {
  const [endpoint] = cluster.endpoints;
  const response = await fetch(`${endpoint ?? ''}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify({ key: base64('hello'), count_only: true }),
  });
  await response.arrayBuffer();
  return response.headers.get('X-Edgetcd-Leader') ?? undefined;
}

/** Where clients reach what is served at these ports. */
export function clientUrls(ports: readonly number[]): string[] {
  return ports.map((port) => `http://${LOCAL_HOST}:${port}`);
}

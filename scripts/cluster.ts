/**
 * `npm run cluster`: the cluster of `npm start` with one workerd per member, so that a member can be
 * killed for real (`kill -9 PID`). A member that ends is started again unless --no-restart is given.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, type LocalProcess, MEMBERS_MAX, startCluster } from './lib/cluster.ts';
import {
  clientUrls,
  leaderOf,
  LOCAL_OPTIONS,
  printCommands,
  printMembers,
  readablePath,
  readLocal,
  serve,
} from './lib/run-local.ts';
import { requireFreePort } from './lib/ports.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary =
  'a local cluster with one process per member (as start, --no-restart, --joining)';

/** As in etcd's Procfile: 2379, 22379, 32379, and so on. */
const PORT_OFFSETS = [0, 20_000, 30_000, 40_000, 50_000, 60_000, 10_000];
/** A member's own port, where the others reach it: 2380 beside 2379, as in etcd. */
const PEER_PORT_OFFSET = 1;
/** Long enough to see the others go on without it. */
const RESTART_DELAY_MS = 3_000;

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      ...LOCAL_OPTIONS,
      joining: { type: 'string', default: '0' },
      'no-restart': { type: 'boolean', default: false },
    },
  });
  const { members, port, dataDir } = readLocal(values, '.edgetcd-cluster');
  const joining = wholeNumber('joining', values.joining, { min: 0, max: MEMBERS_MAX });
  const ports = portsFrom(port, members + joining);
  for (const each of ports) await requireFreePort(each);
  const cluster = await startCluster({
    members,
    clientUrls: clientUrls(ports),
    mode: 'process-per-member',
    joining,
    ports: ports.map((each) => each + PEER_PORT_OFFSET),
    ...(dataDir === undefined ? {} : { dataDir }),
    onLine: (name, line) => console.error(`${name} | ${line}`),
    onEnd: (process) => {
      if (!values['no-restart']) void restartLater(process);
      else console.log(`${process.name} (pid ${process.pid}) has ended`);
    },
  });
  const announce = async (endpoints: readonly string[]): Promise<void> => {
    const where = dataDir === undefined ? 'a temporary folder' : readablePath(dataDir);
    console.log(`edgetcd, one process per member, data in ${where}`);
    printMembers(cluster, endpoints, await leaderOf(cluster));
    printJoining(cluster, members);
    printCommands(endpoints[0] ?? '');
    console.log('\nkill -9 PID ends a member. Ctrl-C stops all.');
  };
  return await serve(cluster, ports, announce);
}

/** Processes whose members are still to be added, and how. */
function printJoining({ processes }: LocalCluster, members: number): void {
  for (const { name, endpoint, pid } of processes.slice(members)) {
    console.log(
      `  ${name}  pid ${pid}, to be added: etcdctl member add ${name} --peer-urls ${endpoint}`,
    );
  }
}

async function restartLater(process: LocalProcess): Promise<void> {
  const { name, pid } = process;
  console.log(`${name} (pid ${pid}) has ended, starting it again in ${RESTART_DELAY_MS} ms`);
  await sleep(RESTART_DELAY_MS, undefined, { ref: false });
  await process.restart();
  console.log(`${name} runs again, pid ${process.pid}`);
}

function portsFrom(first: number, members: number): number[] {
  return Array.from({ length: members }, (_, index) => {
    const offset = PORT_OFFSETS[index];
    const port = first + (offset ?? 0);
    if (offset === undefined || port + PEER_PORT_OFFSET > 65_535) {
      throw new UsageError(
        `${members} members with --port ${first}: member ${index + 1} has no port; the ports are --port plus ` +
          `${PORT_OFFSETS.join(', ')}, for peers one more, and at most 65535`,
      );
    }
    return port;
  });
}

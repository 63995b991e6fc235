/**
 * A cluster on this machine under workerd itself: for `npm start` and `npm run cluster`, and for tests,
 * benchmarks and fault runs, which kill its members for real.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleWorker } from './bundle.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { compatibility, ROOT } from './deployment.ts';
import { freePorts, requireFreePort } from './ports.ts';
import { Workerd } from './workerd.ts';
import { type WorkerService, workerdConfig } from './workerd-config.ts';

export type ClusterMode = 'one-process' | 'process-per-member';

export interface ClusterOptions {
  /** Number of members; 3 unless given. */
  readonly members?: number;
  /** Their places and kinds instead, one each; far from each other unless given. */
  readonly placement?: readonly Placement[];
  /** One workerd for all (peers are sibling objects), or one each (peers over HTTP). */
  readonly mode?: ClusterMode;
  /** Where the data stays; without it a temporary folder is used and removed at the end. */
  readonly dataDir?: string;
  /**
   * Further processes, each for a member that is to be added at run time under its peer URL; only with a
   * process per member. Nobody waits for them.
   */
  readonly joining?: number;
  /** Client ports: one, or one per member. Free ones are chosen unless given. */
  readonly ports?: readonly number[];
  /**
   * Ports in the members' peer URLs, one each, where somebody forwards to the client ports: a fault
   * run's proxies. The client ports themselves unless given.
   */
  readonly peerPorts?: readonly number[];
  /** What members say of themselves where clients reach them: one URL for each process. */
  readonly clientUrls?: readonly string[];
  /** Variables for the Worker besides those that make the cluster. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Another Worker served by each process beside the cluster, such as a benchmark's floor. */
  readonly companion?: Companion;
  /** Receives every line the processes print; they are dropped unless given. */
  readonly onLine?: (process: string, line: string) => void;
  /** Called when a process ends that nobody told to. */
  readonly onEnd?: (process: LocalProcess) => void;
  /** Entry file of the Worker, for tests of these scripts. */
  readonly entry?: string;
}

export interface Placement {
  readonly region: string;
  readonly learner: boolean;
}

/** A Worker with one Durable Object class that needs nothing but itself. */
export interface Companion {
  readonly entry: string;
  readonly className: string;
  readonly binding: string;
}

/** A member, and in a one-process cluster all of them: they live and die together. */
export interface LocalProcess {
  readonly name: string;
  readonly endpoint: string;
  /** Of the companion, if one was asked for. */
  readonly companionEndpoint: string | undefined;
  /** Changes with every restart. */
  readonly pid: number;
  readonly alive: boolean;
  /** Ends it by a signal, SIGKILL unless given, and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again over the same data and port; ends it first when it runs. After `stop`: nothing. */
  restart(): Promise<void>;
}

export interface LocalMember {
  readonly name: string;
  readonly region: string;
  readonly process: LocalProcess;
}

export interface LocalCluster {
  readonly dataDir: string;
  /** True when the data folder was made by this start. */
  readonly isNew: boolean;
  /** EDGETCD_MEMBERS as the members see it. */
  readonly membersText: string;
  readonly endpoints: readonly string[];
  readonly members: readonly LocalMember[];
  readonly processes: readonly LocalProcess[];
  /**
   * Waits until every process answers a linearizable health check.
   * @throws Error with the last answer when one does not, or ends meanwhile.
   */
  readonly ready: () => Promise<void>;
  /** Ends all processes. The data stays unless the folder was a temporary one. */
  readonly stop: () => Promise<void>;
}

export const MEMBERS_MAX = 9;

/** Regions for members that nobody placed, farthest apart first. */
const REGIONS = ['enam', 'weur', 'apac', 'wnam', 'eeur', 'oc', 'sam', 'afr', 'me'] as const;
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;

interface Plan {
  readonly name: string;
  readonly port: number;
  readonly companionPort: number | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly stateDir: string;
}

export async function startCluster(options: ClusterOptions = {}): Promise<LocalCluster> {
  const count = options.placement?.length ?? options.members ?? 3;
  const mode = options.mode ?? 'one-process';
  const joining = mode === 'one-process' ? 0 : (options.joining ?? 0);
  const processCount = mode === 'one-process' ? 1 : count + joining;
  const ports = options.ports ?? (await freePorts(processCount));
  for (const port of ports) await requireFreePort(port);
  const companionPorts =
    options.companion === undefined ? [] : await freePorts(processCount, ports);
  const placed = Array.from({ length: count }, (_, index) => ({
    name: `m${index + 1}`,
    region: options.placement?.[index]?.region ?? REGIONS[index % REGIONS.length] ?? REGIONS[0],
    learner: options.placement?.[index]?.learner ?? false,
  }));
  const membersText = placed
    .map(({ name, region, learner }, index) => {
      const url =
        mode === 'one-process'
          ? ''
          : `=http://127.0.0.1:${(options.peerPorts ?? ports)[index] ?? 0}`;
      return `${name}:${region}${learner ? ':learner' : ''}${url}`;
    })
    .join(',');

  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), 'edgetcd-'));
  const removeTemporary = (): void => {
    if (options.dataDir === undefined) rmSync(folder, { recursive: true, force: true });
  };
  // Also when an error that nobody caught ends us before `stop`.
  process.once('exit', removeTemporary);
  const data = openDataDir(folder, membersText);
  const processes: MemberProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((process) => process.stop()));
    data.release();
    process.off('exit', removeTemporary);
    removeTemporary();
  };
  try {
    await bundleAll(data, options);
    for (const plan of plans(data, mode, membersText, { ports, companionPorts }, options)) {
      processes.push(new MemberProcess(plan, data, options));
    }
    await Promise.all(processes.map((process) => process.restart()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    dataDir: data.path,
    isNew: data.isNew,
    membersText,
    endpoints: processes.map((process) => process.endpoint),
    members: placed.map((member, index) => ({
      ...member,
      process: at(processes, mode === 'one-process' ? 0 : index),
    })),
    processes,
    ready: async () => {
      const first = processes.slice(0, processCount - joining);
      await Promise.all(first.map((process) => healthy(process)));
    },
    stop,
  };
}

function plans(
  data: DataDir,
  mode: ClusterMode,
  membersText: string,
  { ports, companionPorts }: Record<'ports' | 'companionPorts', readonly number[]>,
  options: ClusterOptions,
): Plan[] {
  return ports.map((port, index) => {
    const name = mode === 'one-process' ? 'all' : `m${index + 1}`;
    return {
      name,
      port,
      companionPort: companionPorts[index],
      stateDir: data.stateDir(name),
      variables: {
        EDGETCD_MEMBERS: membersText,
        EDGETCD_CLUSTER_SECRET: data.secret,
        EDGETCD_ALLOW_ANONYMOUS: 'true',
        ...(mode === 'one-process' ? {} : { EDGETCD_SELF: name }),
        EDGETCD_CLIENT_URLS: options.clientUrls?.[index] ?? '',
        ...options.variables,
      },
    };
  });
}

async function bundleAll(data: DataDir, options: ClusterOptions): Promise<void> {
  await bundleWorker(options.entry ?? resolve(ROOT, 'src/worker.ts'), data.runFile('edgetcd.js'));
  if (options.companion !== undefined) {
    await bundleWorker(options.companion.entry, data.runFile('companion.js'));
  }
}

class MemberProcess implements LocalProcess {
  readonly name: string;
  readonly endpoint: string;
  readonly companionEndpoint: string | undefined = undefined;
  readonly #configFile: string;
  readonly #options: ClusterOptions;
  #workerd: Workerd | undefined;
  /** True while the process is down because somebody here asked for it. */
  #downOnPurpose = true;
  #stopped = false;

  /** Writes the configuration; `restart` starts the process. */
  constructor(plan: Plan, data: DataDir, options: ClusterOptions) {
    this.name = plan.name;
    this.endpoint = `http://127.0.0.1:${plan.port}`;
    if (plan.companionPort !== undefined) {
      this.companionEndpoint = `http://127.0.0.1:${plan.companionPort}`;
    }
    this.#configFile = data.runFile(`${plan.name}.capnp`);
    this.#options = options;
    const services = servicesOf(plan, data, options.companion);
    writeFileSync(this.#configFile, workerdConfig(services, compatibility()), { mode: 0o600 });
  }

  get pid(): number {
    return this.#workerd?.pid ?? 0;
  }

  get alive(): boolean {
    return this.#workerd?.alive ?? false;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#downOnPurpose = true;
    this.#workerd?.signal(signal);
    await this.#workerd?.ended;
  }

  async restart(): Promise<void> {
    if (this.#stopped) return;
    if (this.alive) await this.kill();
    const workerd = await Workerd.start({
      configFile: this.#configFile,
      sockets: this.companionEndpoint === undefined ? 1 : 2,
      onLine: (line) => this.#options.onLine?.(this.name, line),
    });
    this.#workerd = workerd;
    this.#downOnPurpose = false;
    void workerd.ended.then(() => {
      if (!this.#downOnPurpose && this.#workerd === workerd) this.#options.onEnd?.(this);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#downOnPurpose = true;
    await this.#workerd?.stop();
  }
}

function servicesOf(plan: Plan, data: DataDir, companion: Companion | undefined): WorkerService[] {
  const services: WorkerService[] = [
    {
      name: 'edgetcd',
      module: 'edgetcd.js',
      variables: plan.variables,
      objects: { binding: 'MEMBERS', className: 'MemberObject', uniqueKey: 'edgetcd-members' },
      stateDir: plan.stateDir,
      port: plan.port,
    },
  ];
  if (companion !== undefined && plan.companionPort !== undefined) {
    services.push({
      name: 'companion',
      module: 'companion.js',
      variables: {},
      objects: { ...companion, uniqueKey: 'companion' },
      stateDir: data.stateDir(`${plan.name}-companion`),
      port: plan.companionPort,
    });
  }
  return services;
}

/** A linearizable health check needs a leader and a majority, so it says that the cluster serves. */
async function healthy(process: LocalProcess): Promise<void> {
  const { endpoint } = process;
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await ask(`${endpoint}/health`);
    if (answer.ok) return;
    if (!process.alive) {
      throw new Error(`wait for ${endpoint} to be healthy: its process has ended`);
    }
    if (performance.now() > deadlineMs) {
      throw new Error(
        `wait for ${endpoint} to be healthy: after ${READY_TIMEOUT_MS} ms it still says ${answer.text}`,
      );
    }
    await sleep(READY_POLL_MS);
  }
}

async function ask(url: string): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    return { ok: response.ok, text: `${response.status} ${await response.text()}` };
  } catch (error) {
    return { ok: false, text: String(error) };
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`take item ${index} of ${list.length}`);
  return item;
}

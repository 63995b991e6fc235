/** /health, /livez and /readyz as etcd 3.7 answers them. */
import { Hono } from 'hono';
import { StatusError } from '../api/errors.ts';
import type { HealthQuery, HealthReport, MemberRpc } from '../member/rpc.ts';

type Ask = (request: Request) => MemberRpc;

interface Check {
  readonly name: string;
  /** Undefined: passed. Otherwise why not. */
  readonly failure: (report: HealthReport) => string | undefined;
}

const SERIALIZABLE_READ: Check = {
  name: 'serializable_read',
  failure: (report) => report.serializableRead,
};
const LIVEZ: readonly Check[] = [SERIALIZABLE_READ];
const READYZ: readonly Check[] = [
  {
    name: 'data_corruption',
    failure: (report) =>
      report.alarms.includes('CORRUPT') ? 'alarm activated: CORRUPT' : undefined,
  },
  SERIALIZABLE_READ,
  { name: 'linearizable_read', failure: (report) => report.linearizableRead },
  {
    name: 'non_learner',
    failure: (report) => (report.learner ? 'this member is a learner' : undefined),
  },
];

export function healthRoutes(ask: Ask): Hono {
  const app = new Hono();
  app.get('/health', async (context) => health(context.req.raw, ask(context.req.raw)));
  for (const [path, checks] of [
    ['/livez', LIVEZ],
    ['/readyz', READYZ],
  ] as const) {
    app.get(path, (context) => runChecks(context.req.raw, checks, path.slice(1), ask));
    for (const check of checks) {
      app.get(`${path}/${check.name}`, (context) =>
        runChecks(context.req.raw, [check], check.name, ask),
      );
    }
  }
  const checkPaths = [
    LIVEZ.map(({ name }) => `/livez/${name}`),
    READYZ.map(({ name }) => `/readyz/${name}`),
  ];
  for (const path of ['/health', '/livez', '/readyz', ...checkPaths.flat()]) {
    app.all(path, (context) => context.text('Method Not Allowed\n', 405, { Allow: 'GET' }));
  }
  return app;
}

/** Order of the checks: alarms, leader, read. `exclude` skips alarms, `serializable` asks one member only. */
async function health(request: Request, member: MemberRpc): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const serializable = query.get('serializable') === 'true';
  const report = await reportOf(member, { linearizable: !serializable });
  const reason = unhealthy(report, new Set(query.getAll('exclude')), serializable);
  const body = JSON.stringify({ health: reason === '' ? 'true' : 'false', reason });
  if (reason === '') return new Response(body, { headers: { 'Content-Type': 'application/json' } });
  return new Response(`${body}\n`, { status: 503, headers: PLAIN_TEXT });
}

/** A member that cannot even be asked is one whose reads fail. */
async function reportOf(member: MemberRpc, query: HealthQuery): Promise<HealthReport> {
  try {
    return await member.health(query);
  } catch (error) {
    const { message } = StatusError.from(error);
    const reads = { serializableRead: message, linearizableRead: message };
    return { leader: true, learner: false, alarms: [], ...reads };
  }
}

function unhealthy(
  report: HealthReport,
  excluded: ReadonlySet<string>,
  serializable: boolean,
): string {
  const alarm = report.alarms.find((name) => !excluded.has(name));
  if (alarm !== undefined) return `ALARM ${alarm}`;
  if (!serializable && !report.leader) return 'RAFT NO LEADER';
  const failure = serializable ? report.serializableRead : report.linearizableRead;
  return failure === undefined ? '' : `RANGE ERROR:${failure}`;
}

async function runChecks(
  request: Request,
  checks: readonly Check[],
  name: string,
  ask: Ask,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const excluded = new Set(query.getAll('exclude'));
  const run = checks.filter((check) => !excluded.has(check.name));
  const linearizable = run.some((check) => check.name === 'linearizable_read');
  const report = await reportOf(ask(request), { linearizable });
  const failures = run.filter((check) => check.failure(report) !== undefined);
  const lines = checks.map((check) => checkLine(check, run.includes(check), report));
  if (failures.length > 0) {
    return plain(`${lines.join('')}${name} check failed\n`, 503);
  }
  return plain(query.has('verbose') ? `${lines.join('')}ok\n` : 'ok\n', 200);
}

function checkLine(check: Check, included: boolean, report: HealthReport): string {
  if (!included) return `[+]${check.name} excluded: ok\n`;
  const failure = check.failure(report);
  return failure === undefined ? `[+]${check.name} ok\n` : `[-]${check.name} failed: ${failure}\n`;
}

const PLAIN_TEXT = {
  'Content-Type': 'text/plain; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
};

function plain(body: string, status: number): Response {
  return new Response(body, { status, headers: PLAIN_TEXT });
}

/** Every command of etcdctl 3.4, in an order in which later ones build on earlier ones. */
import {
  DeleteRangeResponse,
  LeaseGrantResponse,
  MemberListResponse,
  PutResponse,
  RangeResponse,
  TxnResponse,
  type MessageType,
} from '../../src/api/messages.ts';

import type { Etcdctl, Outcome } from './etcdctl.ts';
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts';

/** One thing that is done alike to both; what it returns is compared. */
export interface Step {
  readonly name: string;
  readonly run: (etcdctl: Etcdctl) => Promise<Outcome>;
  /** `-w protobuf`: what the output is, so that it can be compared beyond ids. */
  readonly message?: MessageType<object, never>;
}

const FORMATS = ['simple', 'json', 'fields', 'table'] as const;

function plain(line: string, message?: Step['message']): Step {
  const step = { name: line, run: (etcdctl: Etcdctl) => etcdctl.run(words(line)) };
  return message === undefined ? step : { ...step, message };
}

function inFormats(line: string): Step[] {
  return FORMATS.map((format) => plain(`${line} -w ${format}`));
}

/** Words, of which those in double quotes hold blanks. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

const KV: readonly Step[] = [
  plain('put foo bar'),
  plain('put foo bar2 --prev-kv'),
  plain('put foo --ignore-value'),
  plain('put absent --ignore-value'),
  plain('put "" empty'),
  { name: 'put from stdin', run: (etcdctl) => etcdctl.run(['put', 'in'], { stdin: 'from stdin' }) },
  plain('put a/1 one'),
  plain('put a/2 two'),
  plain('put a/3 three'),
  plain('put b "with a blank"'),
  ...inFormats('put formatted value'),
  ...inFormats('put formatted value2 --prev-kv'),
  plain('put formatted value3 -w protobuf', PutResponse),
  ...inFormats('get foo'),
  plain('get foo -w protobuf', RangeResponse),
  plain('get foo --hex'),
  plain('get absent'),
  plain('get absent -w json'),
  ...inFormats('get a/ --prefix'),
  plain('get a/ --prefix --keys-only'),
  plain('get a/ --prefix --count-only -w fields'),
  plain('get a/ --prefix --limit 2 -w json'),
  plain('get a/ --prefix --order DESCEND --sort-by VALUE'),
  plain('get a/1 a/3 --print-value-only'),
  plain('get b --from-key'),
  plain('get foo --rev 2'),
  plain('get foo --rev 1000'),
  plain('get foo --consistency s'),
  plain('get a/1 a/3 --prefix'),
  plain('get foo bar baz'),
  plain('get "" --prefix --keys-only --sort-by CREATE --order ASCEND'),
  plain('get a/ --prefix --sort-by MODIFY --order DESCEND --limit 1'),
  plain('get a/1 --write-out nonsense'),
  plain('put'),
  plain('put foo bar --lease 1234'),
  plain('put foo bar --ignore-lease'),
  ...inFormats('del a/1 --prev-kv'),
  plain('del a/1'),
  ...inFormats('del nothing'),
  plain('del formatted -w protobuf', DeleteRangeResponse),
  plain('del a/ --prefix'),
  plain('del x --from-key'),
];

const TXN = [
  'value("foo") = "bar2"',
  'version("foo") > "0"',
  '',
  'put foo changed',
  'get foo',
  'del nothing',
  '',
  'get absent',
  '',
  '',
].join('\n');

const TXNS: readonly Step[] = [
  ...FORMATS.flatMap((format) =>
    ['', ' again'].map((again) => ({
      name: `txn -w ${format}${again}`,
      run: (etcdctl: Etcdctl) => etcdctl.run(['txn', '-w', format], { stdin: TXN }),
    })),
  ),
  {
    name: 'txn -w protobuf',
    run: (etcdctl) => etcdctl.run(['txn', '-w', 'protobuf'], { stdin: TXN }),
    message: TxnResponse,
  },
  { name: 'txn -i', run: (etcdctl) => etcdctl.run(['txn', '-i'], { stdin: TXN }) },
  {
    name: 'txn with a duplicate key',
    run: (etcdctl) => etcdctl.run(['txn'], { stdin: '\nput k 1\nput k 2\n\n\n' }),
  },
];

const WATCHES: readonly Step[] = [
  {
    name: 'watch a prefix',
    run: (etcdctl) =>
      etcdctl.during(['watch', 'w/', '--prefix', '--prev-kv'], { lines: 10 }, async () => {
        await etcdctl.run(['put', 'w/1', 'x']);
        await etcdctl.run(['put', 'w/1', 'y']);
        await etcdctl.run(['del', 'w/1']);
      }),
  },
  {
    name: 'watch the past',
    run: (etcdctl) => etcdctl.during(['watch', 'foo', '--rev', '2'], { lines: 6 }),
  },
  ...FORMATS.slice(0, 3).map((format) => ({
    name: `watch -w ${format}`,
    run: (etcdctl: Etcdctl) =>
      etcdctl.during(['watch', 'foo', '--rev', '2', '-w', format], {
        lines: format === 'json' ? 1 : 6,
      }),
  })),
  {
    name: 'watch, several responses with the revision of each',
    run: (etcdctl) =>
      etcdctl.during(['watch', 'w/', '--prefix', '-w', 'fields'], { lines: 24 }, async () => {
        await etcdctl.run(['txn'], { stdin: '\nput w/1 x\nput w/2 y\n\n\n\n' });
        await etcdctl.run(['del', 'w/', '--prefix']);
      }),
  },
  {
    name: 'watch a range',
    run: (etcdctl) =>
      etcdctl.during(['watch', 'r1', 'r3'], { lines: 6 }, async () => {
        for (const key of ['r0', 'r1', 'r2', 'r3']) await etcdctl.run(['put', key, 'x']);
      }),
  },
  {
    name: 'watch -i',
    run: (etcdctl) =>
      etcdctl.during(['watch', '-i'], {
        lines: 15,
        stdin: 'watch foo --rev 2\nwatch b --rev 2\n',
        sorted: true,
      }),
  },
  {
    name: 'watch with a command for each event',
    run: (etcdctl) =>
      etcdctl.during(['watch', 'b', '--rev', '2', '--', 'echo', 'an', 'event'], { lines: 4 }),
  },
  plain('compaction'),
  plain('compaction 5 -w json'),
  plain('compaction 5'),
  plain('compaction 100000'),
  plain('compaction 6 --physical'),
  plain('get foo --rev 3'),
  plain('watch foo --rev 3'),
];

const LEASES: readonly Step[] = [
  { name: 'lease grant', run: (etcdctl) => etcdctl.grant(['lease', 'grant', '100']) },
  ...FORMATS.map((format) => ({
    name: `lease grant -w ${format}`,
    run: (etcdctl: Etcdctl) => etcdctl.run(['lease', 'grant', '100', '-w', format]),
  })),
  plain('lease grant 100 -w protobuf', LeaseGrantResponse),
  plain('lease grant -1'),
  plain('lease grant 10000000000'),
  ...[
    ['put leased value --lease LEASE'],
    ['lease timetolive LEASE --keys'],
    ['lease timetolive LEASE --keys -w table'],
    ['put leased2 value --lease LEASE'],
    ['put leased2 again --ignore-lease'],
    ['get leased -w json'],
    ['lease timetolive LEASE'],
    ['lease timetolive LEASE -w json'],
    ['lease timetolive LEASE --keys -w json'],
    ['lease timetolive LEASE --keys -w fields'],
    ['lease keep-alive LEASE --once'],
    ['lease keep-alive LEASE --once -w json'],
    ['lease keep-alive LEASE --once -w fields'],
    ['lease revoke LEASE -w fields'],
    ['get leased'],
    ['lease revoke LEASE'],
    ['lease timetolive LEASE'],
    ['lease keep-alive LEASE --once'],
    ['put leased value --lease LEASE'],
  ].map(([line = '']) => ({
    name: line,
    run: (etcdctl: Etcdctl) => etcdctl.run(words(line).map((word) => etcdctl.leaseFor(word))),
  })),
  {
    name: 'lease keep-alive until it is stopped',
    run: async (etcdctl) => {
      await etcdctl.grant(['lease', 'grant', '3']);
      return await etcdctl.during(['lease', 'keep-alive', etcdctl.leaseFor('LEASE')], { lines: 2 });
    },
  },
  plain('lease revoke nonsense'),
  plain('lease timetolive 1234 -w json'),
  { name: 'lease list', run: (etcdctl) => etcdctl.run(['lease', 'list'], { sorted: true }) },
  {
    name: 'lease list -w fields',
    run: (etcdctl) => etcdctl.run(['lease', 'list', '-w', 'fields'], { sorted: true }),
  },
];

const CONCURRENCY: readonly Step[] = [
  plain('lock mutex echo inside'),
  plain('lock mutex false'),
  plain('lock mutex --ttl 5 -- sh -c "exit 7"'),
  {
    name: 'lock -w fields',
    run: (etcdctl) => etcdctl.during(['lock', 'mutex', '-w', 'fields'], { lines: 11 }),
  },
  {
    name: 'a lock that waits for another',
    run: async (etcdctl) => {
      let second: Promise<Outcome> | undefined;
      const first = await etcdctl.during(['lock', 'mutex'], { lines: 1 }, () => {
        second = etcdctl.run(['lock', 'mutex', 'echo', 'second']);
        return Promise.resolve();
      });
      const { stdout } = (await second) ?? { stdout: '' };
      return { ...first, stdout: `${first.stdout}${stdout}` };
    },
  },
  {
    name: 'elect, and listen to it',
    run: (etcdctl) =>
      etcdctl.during(['elect', 'chair', 'anna'], { lines: 2 }, async () => {
        await etcdctl.during(['elect', '-l', 'chair'], { lines: 2 });
      }),
  },
];

const UNUSED_URL = 'http://127.0.0.1:9';

/** As fields etcdctl 3.4 fails over what etcd 3.4 answers: it has no header. */
const ALARMS = ['simple', 'json', 'table'].map((format) => plain(`alarm list -w ${format}`));

/** A fourth member that nobody starts. */
const MEMBERS: readonly Step[] = [
  ['member add m4 --peer-urls URL'],
  ['member list'],
  ['member update ADDED --peer-urls URL0'],
  ['member promote ADDED'],
  ['member remove ADDED'],
  ['member remove ADDED'],
  ['member add m4 --learner --peer-urls URL'],
  ['member promote ADDED'],
  ['member list -w table'],
  ['member remove ADDED -w fields'],
  ['member add'],
  ['member add m4'],
].map(([line = ''], index) => ({
  name: `${line} (${index + 1})`,
  run: (etcdctl: Etcdctl) => etcdctl.change(words(line.replace('URL', UNUSED_URL))),
}));

const CLUSTER: readonly Step[] = [
  ...FORMATS.map((format) => ({
    name: `member list -w ${format}`,
    run: (etcdctl: Etcdctl) => etcdctl.run(['member', 'list', '-w', format], { sorted: true }),
  })),
  {
    name: 'member list -w protobuf',
    run: (etcdctl) => etcdctl.run(['member', 'list', '-w', 'protobuf']),
    message: MemberListResponse,
  },
  ...FORMATS.flatMap((format) =>
    ['status', 'health', 'hashkv'].map((what) => ({
      name: `endpoint ${what} -w ${format}`,
      run: (etcdctl: Etcdctl) =>
        etcdctl.everywhere(['endpoint', what, '-w', format], { sorted: true }),
    })),
  ),
  {
    name: 'endpoint health --cluster',
    run: (etcdctl) => etcdctl.run(['endpoint', 'health', '--cluster'], { sorted: true }),
  },
  plain('member add again --peer-urls not-a-url'),
  plain('member update 1234 --peer-urls http://127.0.0.1:1'),
  plain('member remove 1234'),
  plain('member promote 1234'),
  ...MEMBERS,
  ...ALARMS,
  plain('alarm disarm'),
  plain('defrag'),
  { name: 'defrag everywhere', run: (etcdctl) => etcdctl.everywhere(['defrag'], { sorted: true }) },
  plain('move-leader 1234'),
  { name: 'move-leader', run: (etcdctl) => etcdctl.moveLeader() },
  {
    name: 'move-leader at a member that does not lead',
    run: async (etcdctl) => await etcdctl.moveLeader({ atFollower: true }),
  },
  { name: 'snapshot save, status and restore', run: (etcdctl) => etcdctl.snapshot() },
  {
    name: 'make-mirror',
    run: async (etcdctl) => {
      await etcdctl.run(['put', 'mirrored/1', 'one']);
      const args = ['make-mirror', '--prefix', 'mirrored/', '--dest-prefix', 'copy/'];
      await etcdctl.duringMirror(args, 'copy/1');
      return await etcdctl.run(['get', 'copy/', '--prefix']);
    },
  },
  plain('version'),
];

const AUTH: readonly Step[] = [
  ...inFormats('user list'),
  ...inFormats('role list'),
  plain('user get nobody'),
  plain('role get nothing'),
  plain('user add'),
  plain('--user root:secret get foo'),
  plain('auth enable'),
  plain('auth disable'),
  plain('role add reader'),
  plain('role grant-permission reader read a/ --prefix'),
  plain('role get reader'),
  plain('role revoke-permission reader a/ --prefix'),
  plain('user add anna:secret'),
  plain('user grant-role anna reader'),
  plain('user get anna'),
  plain('user get anna --detail'),
  { name: 'user passwd', run: (etcdctl) => etcdctl.run(PASSWORD, { stdin: 'other\n' }) },
  plain('user revoke-role anna reader'),
  plain('user delete anna'),
  plain('role delete reader'),
];

const PASSWORD = ['user', 'passwd', 'anna', '--interactive=false'];

/** Last, since they write as much as fits into their time, or into the quota. */
const LOADS: readonly Step[] = [
  { name: 'check perf', run: (etcdctl) => etcdctl.checkPerf() },
  plain('check datascale --command-timeout 120s'),
  { name: 'put until there is no space', run: (etcdctl) => etcdctl.fill() },
  plain('put more than there is space for'),
  plain('get foo -w json --count-only'),
  ...ALARMS.map((step) => ({ ...step, name: `${step.name}, of no space` })),
  plain('endpoint health'),
  plain('del filling/1'),
  plain('lease grant 100'),
  plain('alarm disarm --command-timeout 20s'),
];

export const SCRIPT: readonly Step[] = [
  ...KV,
  ...TXNS,
  ...WATCHES,
  ...LEASES,
  ...CONCURRENCY,
  ...CLUSTER,
  ...AUTH,
  ...LOADS,
];

/** Why a step's outcomes may differ. */
export function differenceOf(step: Step): KnownDifference | undefined {
  return KNOWN_DIFFERENCES.find(({ steps }) => steps.test(step.name));
}

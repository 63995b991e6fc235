/**
 * Which part may import which. Arrows point to the left only:
 * lib, constants <- api <- raft | wal | mvcc | lease | auth <- watch, apply <- member <- durable;
 * http sees api and the member's ports; client sees api; worker.ts alone ties http to durable.
 */

/**
 * Each part under src/ with what it may import besides itself, src/lib and src/constants.ts: a part, or
 * one file of a part where only its vocabulary is shared.
 */
const MAY_IMPORT = {
  lib: [],
  api: [],
  raft: ['api'],
  wal: ['api', 'raft'],
  mvcc: ['api'],
  lease: ['api', 'mvcc/types'],
  auth: ['api', 'mvcc/types'],
  bbolt: [],
  watch: ['api', 'mvcc', 'auth'],
  session: ['api'],
  apply: ['api', 'mvcc', 'lease', 'auth', 'raft'],
  backend: ['api', 'raft', 'mvcc', 'lease', 'apply', 'bbolt'],
  member: ['api', 'raft', 'wal', 'mvcc', 'lease', 'auth', 'watch', 'apply', 'session', 'backend'],
  // What a member offers to those who call it, its configuration, and what the two say over a socket.
  http: [
    'api',
    'member/ports',
    'member/rpc',
    'member/cluster-config',
    'member/metrics',
    'member/roster',
    'member/region-distance',
    'member/watch-bridge',
    'member/restore-messages',
    'member/membership-messages',
    'session',
    'client',
  ],
  client: ['api', 'session'],
  proxy: ['api', 'client', 'session'],
};

const layers = Object.entries(MAY_IMPORT).map(([part, others]) => {
  const allowed = ['lib', 'constants', part, ...others];
  return {
    name: `arrows-of-${part}`,
    comment: `src/${part} may import only ${allowed.join(', ')}.`,
    severity: 'error',
    from: { path: `^src/${part}/` },
    to: {
      path: '^(src|durable|test|scripts)/',
      pathNot: `^src/(${allowed.join('|')})(/|\\.ts$)`,
    },
  };
});

export default {
  forbidden: [
    ...layers,
    {
      name: 'only-worker-imports-durable',
      comment: 'src/worker.ts is where the HTTP surface and the Durable Object class meet.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/worker\\.ts$' },
      to: { path: '^durable/' },
    },
    {
      name: 'durable-is-below-http',
      comment: 'The object answers calls; how they came over HTTP is not its business.',
      severity: 'error',
      from: { path: '^durable/' },
      to: { path: '^(src/(http|client|worker\\.ts)|test|scripts)' },
    },
    {
      name: 'product-needs-no-tools',
      comment: 'What is deployed imports neither tests nor scripts.',
      severity: 'error',
      from: { path: '^(src|durable)/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'product-needs-no-node',
      comment: 'What is deployed runs where there is no Node; the proxy is a program of its own.',
      severity: 'error',
      from: { path: '^(src|durable)/', pathNot: '^src/proxy/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one idea, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'Every import names a file or an installed package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^cloudflare:' },
    },
    {
      name: 'declared',
      comment: 'What is deployed imports only what package.json lists under dependencies.',
      severity: 'error',
      from: { path: '^(src|durable)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/api/generated/|^scripts/check/[^/]*\\.config\\.js$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
};

/** gRPC status codes, etcd's errors with their exact texts, and the one error class that carries them. */

/** gRPC's codes, under the names that Go prints. The set is closed. */
export const Code = {
  OK: 0,
  /** The caller gave up. */
  Canceled: 1,
  /** No better code is known; etcd sends it for errors that it forgot to map. */
  Unknown: 2,
  /** The request is wrong whatever the state of the system. */
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  /** A quota is used up. */
  ResourceExhausted: 8,
  /** The system is not in a state that the request needs. */
  FailedPrecondition: 9,
  Aborted: 10,
  /** Past the end of what exists, such as a future revision. */
  OutOfRange: 11,
  Unimplemented: 12,
  /** A broken invariant of this program. */
  Internal: 13,
  /** Nothing was done: stock clients retry, so never send it for a write that may yet happen. */
  Unavailable: 14,
  DataLoss: 15,
  /** No valid credentials. */
  Unauthenticated: 16,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

const CODE_NAMES: readonly string[] = Object.keys(Code);

/** HTTP status of each code, by number, as etcd's gateway answers since 3.6. */
const HTTP_STATUS: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

export function codeName(code: Code): string {
  return CODE_NAMES[code] ?? `Code(${code})`;
}

export function httpStatusOf(code: Code): number {
  return HTTP_STATUS[code] ?? 500;
}

/** The code of a number from the wire; Unknown for one that gRPC does not define. */
export function codeOf(number: number): Code {
  return number >= 0 && number < CODE_NAMES.length && Number.isInteger(number)
    ? (number as Code)
    : Code.Unknown;
}

/**
 * Every error of etcd's API: the code on the wire and the exact text. Clients match on both.
 *
 * A third item is the code that etcd declares where the wire carries another: etcd loses it for two
 * errors, and Go's client finds it again by the text.
 */
const ERRORS = {
  emptyKey: [Code.InvalidArgument, 'etcdserver: key is not provided'],
  keyNotFound: [Code.InvalidArgument, 'etcdserver: key not found'],
  valueProvided: [Code.InvalidArgument, 'etcdserver: value is provided'],
  leaseProvided: [Code.InvalidArgument, 'etcdserver: lease is provided'],
  tooManyOps: [Code.InvalidArgument, 'etcdserver: too many operations in txn request'],
  duplicateKey: [Code.InvalidArgument, 'etcdserver: duplicate key given in txn request'],
  invalidClientAPIVersion: [Code.InvalidArgument, 'etcdserver: invalid client api version'],
  invalidSortOption: [Code.InvalidArgument, 'etcdserver: invalid sort option'],
  compacted: [Code.OutOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  futureRev: [Code.OutOfRange, 'etcdserver: mvcc: required revision is a future revision'],
  noSpace: [Code.ResourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  leaseNotFound: [Code.NotFound, 'etcdserver: requested lease not found'],
  leaseExist: [Code.FailedPrecondition, 'etcdserver: lease already exists'],
  leaseTTLTooLarge: [Code.OutOfRange, 'etcdserver: too large lease TTL'],
  watchCanceled: [Code.Canceled, 'etcdserver: watch canceled'],
  memberExist: [Code.FailedPrecondition, 'etcdserver: member ID already exist'],
  peerURLExist: [Code.FailedPrecondition, 'etcdserver: Peer URLs already exists'],
  memberNotEnoughStarted: [
    Code.Unknown,
    'etcdserver: re-configuration failed due to not enough started members',
    Code.FailedPrecondition,
  ],
  memberBadURLs: [Code.InvalidArgument, 'etcdserver: given member URLs are invalid'],
  memberNotFound: [Code.NotFound, 'etcdserver: member not found'],
  memberNotLearner: [Code.FailedPrecondition, 'etcdserver: can only promote a learner member'],
  learnerNotReady: [
    Code.FailedPrecondition,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  tooManyLearners: [Code.FailedPrecondition, 'etcdserver: too many learner members in cluster'],
  clusterIDMismatch: [Code.FailedPrecondition, 'etcdserver: cluster ID mismatch'],
  requestTooLarge: [Code.InvalidArgument, 'etcdserver: request is too large'],
  requestTooManyRequests: [Code.Unknown, 'etcdserver: too many requests', Code.ResourceExhausted],
  rootUserNotExist: [Code.FailedPrecondition, 'etcdserver: root user does not exist'],
  rootRoleNotExist: [Code.FailedPrecondition, 'etcdserver: root user does not have root role'],
  userAlreadyExist: [Code.FailedPrecondition, 'etcdserver: user name already exists'],
  userEmpty: [Code.InvalidArgument, 'etcdserver: user name is empty'],
  userNotFound: [Code.FailedPrecondition, 'etcdserver: user name not found'],
  roleAlreadyExist: [Code.FailedPrecondition, 'etcdserver: role name already exists'],
  roleNotFound: [Code.FailedPrecondition, 'etcdserver: role name not found'],
  roleEmpty: [Code.InvalidArgument, 'etcdserver: role name is empty'],
  authFailed: [
    Code.InvalidArgument,
    'etcdserver: authentication failed, invalid user ID or password',
  ],
  permissionNotGiven: [Code.InvalidArgument, 'etcdserver: permission not given'],
  permissionDenied: [Code.PermissionDenied, 'etcdserver: permission denied'],
  roleNotGranted: [Code.FailedPrecondition, 'etcdserver: role is not granted to the user'],
  permissionNotGranted: [
    Code.FailedPrecondition,
    'etcdserver: permission is not granted to the role',
  ],
  authNotEnabled: [Code.FailedPrecondition, 'etcdserver: authentication is not enabled'],
  invalidAuthToken: [Code.Unauthenticated, 'etcdserver: invalid auth token'],
  invalidAuthMgmt: [Code.InvalidArgument, 'etcdserver: invalid auth management'],
  authOldRevision: [Code.InvalidArgument, 'etcdserver: revision of auth store is old'],
  noLeader: [Code.Unavailable, 'etcdserver: no leader'],
  notLeader: [Code.FailedPrecondition, 'etcdserver: not leader'],
  leaderChanged: [Code.Unavailable, 'etcdserver: leader changed'],
  notCapable: [Code.FailedPrecondition, 'etcdserver: not capable'],
  stopped: [Code.Unavailable, 'etcdserver: server stopped'],
  timeout: [Code.Unavailable, 'etcdserver: request timed out'],
  timeoutDueToLeaderFail: [
    Code.Unavailable,
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  timeoutDueToConnectionLost: [
    Code.Unavailable,
    'etcdserver: request timed out, possibly due to connection lost',
  ],
  timeoutWaitAppliedIndex: [
    Code.Unavailable,
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  unhealthy: [Code.Unavailable, 'etcdserver: unhealthy cluster'],
  corrupt: [Code.DataLoss, 'etcdserver: corrupt cluster'],
  notSupportedForLearner: [Code.FailedPrecondition, 'etcdserver: rpc not supported for learner'],
  badLeaderTransferee: [Code.FailedPrecondition, 'etcdserver: bad leader transferee'],
  wrongDowngradeVersionFormat: [
    Code.InvalidArgument,
    'etcdserver: wrong downgrade target version format',
  ],
  invalidDowngradeTargetVersion: [
    Code.InvalidArgument,
    'etcdserver: invalid downgrade target version',
  ],
  clusterVersionUnavailable: [
    Code.FailedPrecondition,
    'etcdserver: cluster version not found during downgrade',
  ],
  downgradeInProcess: [
    Code.FailedPrecondition,
    'etcdserver: cluster has a downgrade job in progress',
  ],
  noInflightDowngrade: [Code.FailedPrecondition, 'etcdserver: no inflight downgrade job'],
  canceled: [Code.Canceled, 'etcdserver: request canceled'],
  deadlineExceeded: [Code.DeadlineExceeded, 'etcdserver: context deadline exceeded'],

  // Texts without a declared error: etcd sends them as they are, with Unknown.
  noPasswordUser: [
    Code.Unknown,
    'auth: authentication failed, password was given for no password user',
  ],
  verifyOnly: [Code.Unknown, 'auth: token signing attempted with verify-only key'],
  notPrimaryLessor: [Code.Unknown, 'not a primary lessor'],
  timeoutLeaderTransfer: [
    Code.Unknown,
    'etcdserver: request timed out, leader transfer took too long',
  ],
  unknownMethod: [Code.Unknown, 'etcdserver: unknown method'],
  electionNoLeader: [Code.Unknown, 'election: no leader'],
  electionNotLeader: [Code.Unknown, 'election: not leader'],
  electionLeaderMissing: [Code.Unknown, '"leader" field must be provided'],
  sessionExpired: [Code.Unknown, 'mutex: session is expired'],

  // RangeStream's own refusals.
  streamSort: [Code.Unimplemented, 'RangeStream does not support custom sort orders'],
  streamFilters: [Code.Unimplemented, 'RangeStream does not support revision filters'],

  // gRPC's texts for a caller that gave up or ran out of time.
  contextCanceled: [Code.Canceled, 'context canceled'],
  contextDeadlineExceeded: [Code.DeadlineExceeded, 'context deadline exceeded'],
} as const satisfies Record<string, readonly [Code, string, Code?]>;

/** Name of one of etcd's errors: Go's name without ErrGRPC, in camelCase. */
export type ErrorName = keyof typeof ERRORS;

const NAME_BY_TEXT: ReadonlyMap<string, ErrorName> = new Map(
  (Object.keys(ERRORS) as ErrorName[]).map((name) => [ERRORS[name][1], name]),
);

export const errorNames: readonly ErrorName[] = [...NAME_BY_TEXT.values()];

/** A call that failed: what goes over the wire, and nothing else. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  /** Code on the wire. Never OK. */
  readonly code: Code;
  /** Further messages as google.protobuf.Any; etcd never sends any. */
  readonly details: readonly unknown[];

  constructor(
    code: Code,
    message: string,
    options?: { details?: readonly unknown[]; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options?.details ?? [];
  }

  /** One of etcd's errors. */
  static of(name: ErrorName): StatusError {
    const [code, text] = ERRORS[name];
    return new StatusError(code, text);
  }

  /**
   * Any thrown value as a status: itself, Canceled for an abort, DeadlineExceeded for a timeout, otherwise
   * Unknown with the error's text, as Go's server does it. The value stays as `cause`, and off the wire.
   */
  static from(thrown: unknown): StatusError {
    if (thrown instanceof StatusError) return thrown;
    if (!(thrown instanceof Error)) {
      return new StatusError(Code.Unknown, String(thrown), { cause: thrown });
    }
    if (thrown.name === 'AbortError') {
      return new StatusError(Code.Canceled, ERRORS.contextCanceled[1], { cause: thrown });
    }
    if (thrown.name === 'TimeoutError') {
      return new StatusError(Code.DeadlineExceeded, ERRORS.contextDeadlineExceeded[1], {
        cause: thrown,
      });
    }
    return new StatusError(Code.Unknown, thrown.message, { cause: thrown });
  }

  /** Which of etcd's errors this is, told by its text as all clients do; undefined for any other. */
  get errorName(): ErrorName | undefined {
    return NAME_BY_TEXT.get(this.message);
  }

  /** The code that etcd declares for the error; differs from `code` for the two that lose it. */
  get declaredCode(): Code {
    const name = this.errorName;
    return name === undefined ? this.code : declaredCodeOf(name);
  }

  is(name: ErrorName): boolean {
    return this.message === ERRORS[name][1];
  }

  /** Go's print of a status; etcd's watch answers carry it as cancel_reason. */
  get rpcText(): string {
    return `rpc error: code = ${codeName(this.code)} desc = ${this.message}`;
  }
}

function declaredCodeOf(name: ErrorName): Code {
  const entry: readonly [Code, string, Code?] = ERRORS[name];
  return entry[2] ?? entry[0];
}

/** gRPC's answer to a message over its limit, which stands above etcd's own for requests. Sizes in bytes. */
export function receivedTooLarge(length: number, lengthMax: number): StatusError {
  return new StatusError(
    Code.ResourceExhausted,
    `grpc: received message larger than max (${length} vs. ${lengthMax})`,
  );
}

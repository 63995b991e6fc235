import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Code,
  codeName,
  codeOf,
  errorNames,
  httpStatusOf,
  StatusError,
} from '../../src/api/errors.ts';

describe('Code', () => {
  it("maps to the gateway's HTTP statuses", () => {
    const statuses = Object.values(Code).map((code) => httpStatusOf(code));
    const expected = [
      200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
    ];
    assert.deepEqual(statuses, expected);
  });

  it('takes numbers from the wire, and any other one as Unknown', () => {
    assert.equal(codeOf(11), Code.OutOfRange);
    for (const number of [17, -1, 1.5, Number.NaN]) assert.equal(codeOf(number), Code.Unknown);
    assert.equal(codeName(Code.FailedPrecondition), 'FailedPrecondition');
  });
});

describe('StatusError', () => {
  it('carries code and text of each of etcd errors', () => {
    const compacted = StatusError.of('compacted');
    assert.equal(compacted.code, Code.OutOfRange);
    assert.equal(compacted.message, 'etcdserver: mvcc: required revision has been compacted');
    assert.ok(compacted.is('compacted') && !compacted.is('futureRev'));
    assert.equal(StatusError.of('leaseNotFound').code, Code.NotFound);
    assert.equal(StatusError.of('noLeader').code, Code.Unavailable);
  });

  it('has no two errors of one text, and none that is OK', () => {
    assert.ok(errorNames.length > 70);
    const texts = errorNames.map((name) => StatusError.of(name).message);
    assert.equal(new Set(texts).size, errorNames.length);
    for (const name of errorNames) {
      assert.notEqual(StatusError.of(name).code, Code.OK);
      assert.equal(StatusError.of(name).errorName, name);
    }
  });

  it('sends Unknown for the two errors whose code etcd loses', () => {
    const lossy = errorNames
      .map((name) => StatusError.of(name))
      .filter((error) => error.code !== error.declaredCode);
    assert.deepEqual(
      lossy.map((error) => [error.errorName, error.code, error.declaredCode]),
      [
        ['memberNotEnoughStarted', Code.Unknown, Code.FailedPrecondition],
        ['requestTooManyRequests', Code.Unknown, Code.ResourceExhausted],
      ],
    );
  });

  it('prints as Go does', () => {
    assert.equal(
      StatusError.of('permissionDenied').rpcText,
      'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
    );
  });

  it('comes from any thrown value', () => {
    const own = StatusError.of('timeout');
    assert.equal(StatusError.from(own), own);
    const abort = StatusError.from(new DOMException('gone', 'AbortError'));
    assert.deepEqual([abort.code, abort.message], [Code.Canceled, 'context canceled']);
    const late = StatusError.from(new DOMException('late', 'TimeoutError'));
    assert.equal(late.code, Code.DeadlineExceeded);
    const other = StatusError.from(new TypeError('x is not y'));
    assert.deepEqual([other.code, other.message], [Code.Unknown, 'x is not y']);
    assert.ok(other.cause instanceof TypeError);
    assert.equal(StatusError.from('text').message, 'text');
    assert.equal(StatusError.from(undefined).code, Code.Unknown);
  });
});

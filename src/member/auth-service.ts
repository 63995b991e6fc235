/** Auth of a cluster that has no users and no roles yet: what etcd says of such a one. */
import { StatusError } from '../api/errors.ts';
import {
  AuthenticateRequest,
  AuthenticateResponse,
  AuthRoleGetRequest,
  AuthRoleGetResponse,
  AuthRoleListRequest,
  AuthRoleListResponse,
  AuthStatusRequest,
  AuthStatusResponse,
  AuthUserGetRequest,
  AuthUserGetResponse,
  AuthUserListRequest,
  AuthUserListResponse,
  type MessageType,
} from '../api/messages.ts';
import { unaryMethod, type Method, type ServiceTable } from './method-table.ts';

/** etcd's revision of an auth store that was never written to. */
const AUTH_REVISION = 1;

export function authService(): ServiceTable {
  return {
    'etcdserverpb.Auth/AuthStatus': unaryMethod(AuthStatusRequest, AuthStatusResponse, status),
    'etcdserverpb.Auth/UserList': unaryMethod(AuthUserListRequest, AuthUserListResponse, none),
    'etcdserverpb.Auth/RoleList': unaryMethod(AuthRoleListRequest, AuthRoleListResponse, none),
    'etcdserverpb.Auth/UserGet': refusing(AuthUserGetRequest, AuthUserGetResponse, 'userNotFound'),
    'etcdserverpb.Auth/RoleGet': refusing(AuthRoleGetRequest, AuthRoleGetResponse, 'roleNotFound'),
    'etcdserverpb.Auth/Authenticate': refusing(
      AuthenticateRequest,
      AuthenticateResponse,
      'authNotEnabled',
    ),
  };
}

async function status(): Promise<object> {
  return { enabled: false, authRevision: AUTH_REVISION };
}

async function none(): Promise<object> {
  return {};
}

function refusing<Q extends object, I extends object>(
  request: MessageType<Q, never>,
  response: MessageType<object, I>,
  error: Parameters<typeof StatusError.of>[0],
): Method {
  return unaryMethod(request, response, async () => {
    throw StatusError.of(error);
  });
}

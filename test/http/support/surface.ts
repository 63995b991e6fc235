/**
 * The HTTP surface under Node. Its files are typed for Workers, and tests for Node, so they are imported
 * without their types, which are given here as far as tests use them.
 */
import type { CallResult, MemberRpc } from '../../../src/member/rpc.ts';

/** What the surface calls for requests that do not wait for events. */
export type AnsweringMember = Pick<MemberRpc, 'call' | 'begin' | 'page' | 'health'>;

export interface AccessPolicy {
  readonly token: string | undefined;
  readonly allowAnonymous: boolean;
}

export interface LeaderHints {
  leader: string | undefined;
}

export interface RoutedMember {
  readonly name: string;
  readonly open: () => AnsweringMember;
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
}

type Run = (member: AnsweringMember) => Promise<CallResult>;

export interface Router {
  read(run: Run): Promise<CallResult>;
  write(run: Run): Promise<CallResult>;
  atLeader(run: Run): Promise<CallResult>;
}

interface App {
  fetch(request: Request): Response | Promise<Response>;
}

interface AppParts {
  readonly access: () => AccessPolicy;
  readonly routerOf: (request: Request) => Router;
  readonly admit?: (request: Request) => Promise<void>;
  readonly origins?: readonly string[];
}

async function load<T>(file: string): Promise<T> {
  return (await import(new URL(`../../../src/http/${file}`, import.meta.url).href)) as T;
}

export const { Router } = await load<{
  readonly Router: new (
    members: readonly RoutedMember[],
    hints: LeaderHints,
    others?: () => Promise<readonly RoutedMember[]>,
  ) => Router;
}>('router.ts');

export const { createApp } = await load<{ readonly createApp: (parts: AppParts) => App }>('app.ts');

export const { readBody } = await load<{
  readonly readBody: (request: Request, bytesMax: number) => Promise<Uint8Array>;
}>('body.ts');

export const { clusterNameOf, pathOf } = await load<{
  readonly clusterNameOf: (request: Request) => string;
  readonly pathOf: (request: Request) => string;
}>('cluster-path.ts');

interface WaitingCall {
  run(): Promise<CallResult>;
  cancel(): void;
}

export const { waitingCall } = await load<{
  readonly waitingCall: (router: object, method: string, body: Uint8Array) => Promise<WaitingCall>;
}>('waiting-call.ts');

export const { patientAnswer } = await load<{
  readonly patientAnswer: (answer: Promise<Response>, gone: () => void) => Promise<Response>;
}>('patient-answer.ts');

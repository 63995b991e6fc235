/** The product's Worker with two more paths: what the member's gauges say, and a sudden end of it. */
import type { Env } from '../../durable/env.ts';
import worker, { MemberObject as Product } from '../../src/worker.ts';

export class MemberObject extends Product {
  crash(): void {
    this.ctx.abort('a test ends this instance');
  }
}

interface TestEnv extends Env {
  readonly MEMBERS: DurableObjectNamespace<MemberObject>;
}

export default {
  async fetch(request: Request, env: TestEnv): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const name = `default/${searchParams.get('member') ?? 'm1'}`;
    const member = env.MEMBERS.get(env.MEMBERS.idFromName(name));
    if (pathname === '/test/gauges') return Response.json(await member.watchGauges());
    if (pathname === '/test/session-gauges') return Response.json(await member.sessionGauges());
    if (pathname === '/test/crash') {
      await member.crash().catch(() => undefined);
      return new Response('crashed');
    }
    return worker.fetch(request, env);
  },
};

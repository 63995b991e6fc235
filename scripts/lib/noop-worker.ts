/** The floor under every request to a member: a Worker that asks an object, which answers at once. */
import { DurableObject } from 'cloudflare:workers';

interface Env {
  readonly OBJECTS: DurableObjectNamespace<NoopObject>;
}

export class NoopObject extends DurableObject<Env> {
  override fetch(): Response {
    return new Response('{}', { headers: { 'Content-Type': 'application/json' } });
  }
}

export default {
  fetch(request, env) {
    return env.OBJECTS.get(env.OBJECTS.idFromName('noop')).fetch(request);
  },
} satisfies ExportedHandler<Env>;

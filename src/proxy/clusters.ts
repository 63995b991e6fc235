/** One channel for each of a deployment's clusters, chosen by the metadata of a call. */
import { CLUSTER_HEADER, requireClusterName } from '../api/cluster-name.ts';
import { StatusError } from '../api/errors.ts';
import type { CallHandlers, CallOptions, Channel, ClientCall } from '../client/channel.ts';
import { PROXY_CLUSTERS_MAX } from '../constants.ts';

interface Named {
  readonly channel: Channel;
  openCalls: number;
}

/**
 * Calls that name no cluster go to `main`, and those that name one to what `open` gives for it; it is kept
 * while it has calls, and beyond that as long as there is room.
 */
export function withClusters(main: Channel, open: (cluster: string) => Channel): Channel {
  const known = new Map<string, Named>();
  return {
    open(method: string, options: CallOptions, handlers: CallHandlers): ClientCall {
      const cluster = options.metadata?.find(([name]) => name === CLUSTER_HEADER)?.[1];
      if (typeof cluster !== 'string') return main.open(method, options, handlers);
      let named: Named;
      try {
        named = known.get(cluster) ?? begin(known, cluster, open);
      } catch (error) {
        return new RefusedCall(StatusError.from(error), handlers);
      }
      named.openCalls++;
      return named.channel.open(method, options, {
        onHeaders: (metadata) => handlers.onHeaders?.(metadata),
        onMessage: (body) => handlers.onMessage(body),
        onEnd: (status, trailers) => {
          named.openCalls--;
          handlers.onEnd(status, trailers);
        },
      });
    },
    close: () => {
      main.close();
      for (const { channel } of known.values()) channel.close();
    },
  };
}

/** @throws StatusError for what is no name, and when there is no room because all have calls */
function begin(
  known: Map<string, Named>,
  cluster: string,
  open: (cluster: string) => Channel,
): Named {
  requireClusterName(cluster);
  if (known.size >= PROXY_CLUSTERS_MAX) makeRoom(known);
  const named = { channel: open(cluster), openCalls: 0 };
  known.set(cluster, named);
  return named;
}

function makeRoom(known: Map<string, Named>): void {
  for (const [cluster, { channel, openCalls }] of known) {
    if (openCalls > 0) continue;
    known.delete(cluster);
    channel.close();
    return;
  }
  throw StatusError.of('requestTooManyRequests');
}

/** A call that ends before it goes anywhere. */
class RefusedCall implements ClientCall {
  readonly unsentBytes = 0;

  constructor({ code, message }: StatusError, handlers: CallHandlers) {
    // No handler is called before `open` has returned and the caller has its call.
    queueMicrotask(() => handlers.onEnd({ code, message }, []));
  }

  send(_body: Uint8Array): void {
    // Nobody takes it.
  }

  halfClose(): void {
    // Nothing was sent.
  }

  cancel(): void {
    // Its end is on the way, and says more.
  }

  pause(): void {
    // Nothing comes but the end.
  }

  resume(): void {
    // Nothing was paused.
  }
}

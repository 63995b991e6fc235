/** edgetcd and etcd over the same slow links: one process per member, a proxy for every peer and client. */
import type { Region } from '../../../src/member/cluster-config.ts';
import {
  MemberListRequest,
  MemberListResponse,
  StatusRequest,
  StatusResponse,
} from '../../../src/api/messages.ts';
import { PEER_HEADERS } from '../../../src/member/peer-protocol.ts';
import { Session } from '../../../src/client/session.ts';
import { startCluster } from '../cluster.ts';
import { startEtcd } from '../etcd.ts';
import { LinkProxy } from '../link-proxy.ts';
import { freePorts } from '../ports.ts';
import type { Layout } from './layout.ts';
import { roundTripMs } from './round-trips.ts';
import { overChannel, overGrpc, type Rpc } from './rpc.ts';

/** Of every link beside its delay. */
export interface Weather {
  /** Most that a piece is late beyond its delay, as a share of the delay. */
  readonly jitter: number;
  /** Share of pieces that TCP has to send again. */
  readonly loss: number;
}

export interface WanMember {
  readonly name: string;
  readonly region: Region;
  readonly learner: boolean;
  /** In hex, as it names itself to its peers. */
  readonly id: string;
}

export interface Contestant {
  readonly name: string;
  readonly members: readonly WanMember[];
  /** A client in a region, connected to one member over the distance between them. */
  readonly connect: (client: Region, member: number) => Promise<Rpc>;
  readonly kill: (member: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** etcd names the sender of peers' requests so. */
const ETCD_SENDER_HEADER = 'x-server-from';

interface Place {
  readonly region: Region;
  readonly learner: boolean;
}

/** How to start and reach the processes of one of the two. */
interface Start {
  readonly name: string;
  readonly senderHeader: string;
  /** An id in that header has at least so many hex digits. */
  readonly idDigits: number;
  readonly places: readonly Place[];
  /** @param advertised where peers reach each member: a proxy */
  start(listen: readonly number[], advertised: readonly number[]): Promise<Started>;
  dial(endpoint: string): Promise<Rpc>;
}

interface Started {
  readonly endpoints: readonly string[];
  readonly kill: (member: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** @param followsWriters unless given leadership stays where the measurement puts it */
export function startEdgetcdWan(
  layout: Layout,
  weather: Weather,
  followsWriters = false,
): Promise<Contestant> {
  const places = placesOf(layout);
  return build(layout, weather, {
    name: 'edgetcd',
    senderHeader: PEER_HEADERS.from,
    idDigits: 16,
    places,
    async start(listen, advertised) {
      const cluster = await startCluster({
        placement: places,
        mode: 'process-per-member',
        ports: listen,
        peerPorts: advertised,
        variables: { EDGETCD_FOLLOW_WRITERS: String(followsWriters) },
      });
      await cluster.ready();
      return {
        endpoints: cluster.endpoints,
        kill: async (member) => cluster.processes[member]?.kill(),
        stop: cluster.stop,
      };
    },
    async dial(endpoint) {
      const session = new Session(endpoint);
      await session.ready;
      return overChannel(session);
    },
  });
}

/** With the layout's voters only: etcd 3.4 has one learner at a time, which answers no linearizable read. */
export function startEtcdWan(layout: Layout, weather: Weather): Promise<Contestant> {
  return build(layout, weather, {
    name: 'etcd',
    senderHeader: ETCD_SENDER_HEADER,
    idDigits: 1,
    places: placesOf({ ...layout, learners: [] }),
    async start(listen, advertised) {
      const peers = listen.map((port, at) => ({
        listen: port,
        advertised: advertised[at] ?? port,
      }));
      const etcd = await startEtcd({ members: listen.length, peers });
      return { endpoints: etcd.endpoints, kill: etcd.kill, stop: etcd.stop };
    },
    dial: overGrpc,
  });
}

function placesOf({ voters, learners }: Layout): Place[] {
  return [
    ...voters.map((region) => ({ region, learner: false })),
    ...learners.map((region) => ({ region, learner: true })),
  ];
}

async function build(layout: Layout, weather: Weather, how: Start): Promise<Contestant> {
  const count = how.places.length;
  const ports = await freePorts(2 * count);
  const listen = ports.slice(0, count);
  const advertised = ports.slice(count);
  const peers = new LinkProxy(how.senderHeader);
  const clients = new Map<Region, LinkProxy>();
  const started = await (async () => {
    for (const [at, port] of advertised.entries())
      await peers.listen(port, String(at), listen[at] ?? 0);
    return how.start(listen, advertised);
  })();
  const stop = async (): Promise<void> => {
    for (const proxy of [peers, ...clients.values()]) proxy.close();
    await started.stop();
  };
  try {
    const members = await membersOf(how, started.endpoints);
    // The members came up at once; from here on the world is as large as it is.
    for (const from of members) {
      members.forEach((to, at) =>
        slow(peers, from.id, String(at), from.region, to.region, weather),
      );
    }
    const doors = new Map<string, string>();
    for (const client of new Set(layout.clients)) {
      const proxy = new LinkProxy();
      clients.set(client, proxy);
      const own = await freePorts(count, ports);
      for (const [at, { region }] of members.entries()) {
        await proxy.listen(
          own[at] ?? 0,
          String(at),
          Number(new URL(started.endpoints[at] ?? '').port),
        );
        // Clients name no sender.
        slow(proxy, 'unknown', String(at), client, region, weather);
        doors.set(`${client} ${at}`, `http://127.0.0.1:${own[at] ?? 0}`);
      }
    }
    const connect = (client: Region, member: number): Promise<Rpc> =>
      how.dial(doors.get(`${client} ${member}`) ?? '');
    return { name: how.name, members, connect, kill: started.kill, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function slow(
  proxy: LinkProxy,
  fromId: string,
  to: string,
  from: Region,
  region: Region,
  { jitter, loss }: Weather,
): void {
  const delayMs = roundTripMs(from, region) / 2;
  Object.assign(proxy.link(fromId, to), { delayMs, jitterMs: jitter * delayMs, loss });
}

/** In the order of the endpoints. */
async function membersOf(how: Start, endpoints: readonly string[]): Promise<WanMember[]> {
  return Promise.all(
    endpoints.map(async (endpoint, at) => {
      const rpc = await how.dial(endpoint);
      const status = StatusResponse.decode(
        await rpc.unary('etcdserverpb.Maintenance/Status', StatusRequest.encode({}).finish()),
      );
      const list = MemberListResponse.decode(
        await rpc.unary('etcdserverpb.Cluster/MemberList', MemberListRequest.encode({}).finish()),
      );
      rpc.close();
      const id = status.header?.member_id;
      const own = list.members.find((member) => id !== undefined && member.ID.equals(id));
      const place = how.places[at];
      if (id === undefined || own === undefined || place === undefined) {
        throw new Error(`ask ${endpoint} who it is: it does not know itself`);
      }
      return { name: own.name, id: id.toString(16).padStart(how.idDigits, '0'), ...place };
    }),
  );
}

import type { ClusterConfig, Self } from '../src/member/cluster-config.ts';
import { Member } from '../src/member/member.ts';
import { PeerReceiver } from '../src/member/peer-receiver.ts';
import type { MemberPorts } from '../src/member/ports.ts';
import { MemberService } from '../src/member/service.ts';
import { SessionHost } from '../src/member/session-host.ts';
import { SessionSockets } from './session-sockets.ts';
import { WatchSockets } from './watch-sockets.ts';

/** A member in an object's memory, with everything through which it is reached. */
export class LiveMember {
  readonly member: Member;
  readonly service: MemberService;
  readonly peers: PeerReceiver;
  readonly sessionHost: SessionHost;
  readonly sessions: SessionSockets;
  readonly watches: WatchSockets;

  constructor(
    ctx: DurableObjectState,
    { config, self }: { readonly config: ClusterConfig; readonly self: Self },
    ports: MemberPorts,
    secret: string,
  ) {
    this.member = Member.open(config, self, ports);
    this.service = new MemberService(this.member);
    this.peers = new PeerReceiver(this.member, secret);
    // Before the watches, which clear the rows of streams that nobody has taken up.
    this.sessionHost = new SessionHost(this.member, this.service, ports.clock);
    this.sessions = new SessionSockets(ctx, this.sessionHost);
    this.watches = new WatchSockets(ctx, this.member.watch);
    const { streams, watchers } = this.member.watch.gauges;
    const { revision } = this.member.state.mvcc;
    ports.log.info('member awake', { revision, streams, watchers });
  }
}

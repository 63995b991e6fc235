import type { StateMachine } from '../apply/state-machine.ts';
import { SNAPSHOT_CHUNK_BYTES, SNAPSHOT_REQUEST_TIMEOUT_MS } from '../constants.ts';
import { hexOf } from '../lib/bytes.ts';
import type { PageExport } from '../mvcc/types.ts';
import { encodeMessages } from '../raft/codec.ts';
import { type Message, MessageType, type NodeId, type SnapshotMeta } from '../raft/types.ts';
import { PEER_SNAPSHOT_PATH } from './peer-protocol.ts';
import type { Log, PeerAddress, Random, Transport } from './ports.ts';
import {
  decodeSnapshotAnswer,
  encodeSnapshotRequest,
  PAGES_END,
  type SnapshotRequest,
  SnapshotStep,
} from './snapshot-messages.ts';

/** A chunk whose answer was lost is sent again this often before the transfer is given up. */
const CHUNK_ATTEMPTS_MAX = 3;

export interface SnapshotSenderPorts {
  readonly transport: Transport;
  readonly random: Random;
  readonly log: Log;
  readonly state: StateMachine;
  /** Saves the state as it stands and returns the point it stands for. */
  readonly checkpoint: () => SnapshotMeta;
  readonly done: (to: NodeId, ok: boolean) => void;
}

/**
 * Brings lagging members to a snapshot point: Raft's message names only the point, the pages travel
 * beside it in bounded chunks while writes go on. One transfer a member at a time.
 */
export class SnapshotSender {
  readonly #ports: SnapshotSenderPorts;
  readonly #active = new Set<NodeId>();

  constructor(ports: SnapshotSenderPorts) {
    this.#ports = ports;
  }

  get sending(): boolean {
    return this.#active.size > 0;
  }

  /** Starts the transfer a snapshot message asks for. */
  start(message: Message, to: PeerAddress): void {
    if (this.#active.has(to.id)) return;
    this.#active.add(to.id);
    const meta = this.#ports.checkpoint();
    const pages = this.#ports.state.mvcc.exportPages();
    const state = this.#ports.state.exportState(meta.confState);
    const transfer = hexOf(this.#ports.random.bytes(8));
    this.#transfer({ to, transfer, meta, pages, state, message })
      .then(
        () => true,
        (error: unknown) => {
          this.#ports.log.warn('snapshot not sent', { to: to.id, error: String(error) });
          return false;
        },
      )
      .then((ok) => {
        pages.close();
        this.#active.delete(to.id);
        this.#ports.done(to.id, ok);
      })
      .catch((error: unknown) => this.#ports.log.warn('snapshot', { error: String(error) }));
  }

  async #transfer(job: Transfer): Promise<void> {
    const { transfer, meta, pages, state } = job;
    const { revision, compactRevision } = pages;
    let position = await this.#send(job, {
      step: SnapshotStep.begin,
      transfer,
      meta,
      revision,
      compactRevision,
      state,
    });
    while (position !== PAGES_END) {
      const piece = pages.read(position, SNAPSHOT_CHUNK_BYTES);
      const chunk = { transfer, position, next: piece.next ?? PAGES_END, pages: piece.pages };
      position = await this.#send(job, { step: SnapshotStep.chunk, ...chunk });
    }
    const frame = encodeMessages([{ ...job.message, type: MessageType.snapshot, snapshot: meta }]);
    await this.#send(job, { step: SnapshotStep.finish, transfer, frame });
  }

  /** Every step may be repeated: the receiver answers what it expects next, whatever it got. */
  async #send(job: Transfer, request: SnapshotRequest): Promise<number> {
    const body = encodeSnapshotRequest(request);
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#ports.transport.request(
          job.to,
          PEER_SNAPSHOT_PATH,
          body,
          SNAPSHOT_REQUEST_TIMEOUT_MS,
        );
        return decodeSnapshotAnswer(answer);
      } catch (error) {
        if (attempt === CHUNK_ATTEMPTS_MAX) throw error;
      }
    }
  }
}

interface Transfer {
  readonly to: PeerAddress;
  readonly transfer: string;
  readonly meta: SnapshotMeta;
  readonly pages: PageExport;
  readonly state: Uint8Array;
  readonly message: Message;
}

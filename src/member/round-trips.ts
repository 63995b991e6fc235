/** How far members are from each other: measured when it matters, and estimated from regions until then. */
import type { Membership } from '../apply/membership.ts';
import { ROUND_TRIP_PINGS, ROUND_TRIP_TIMEOUT_MS } from '../constants.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { NodeId } from '../raft/types.ts';
import { isRegion } from './cluster-config.ts';
import { PEER_PING_PATH, PEER_ROUND_TRIPS_PATH } from './peer-protocol.ts';
import type { Clock, PeerAddress, Transport } from './ports.ts';
import { roundTripEstimateMs } from './region-distance.ts';

export interface RoundTripPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly self: NodeId;
  readonly membership: Membership;
  readonly addressOf: (id: NodeId) => PeerAddress | undefined;
}

/** From one member to the others it reaches, in milliseconds. */
type Row = ReadonlyMap<NodeId, number>;

const MICROSECONDS_PER_MS = 1_000;

export class RoundTrips {
  readonly #ports: RoundTripPorts;
  readonly #learnt = new Map<NodeId, Row>();
  #measuring: Promise<Row> | undefined;

  constructor(ports: RoundTripPorts) {
    this.#ports = ports;
  }

  /**
   * Milliseconds there and back, as learnt from either, else by their regions. Where neither is known, 0:
   * a leader that has measured its own may then find another better, and asks that one (`learn`).
   */
  between(from: NodeId, to: NodeId): number {
    if (from === to) return 0;
    const learnt = this.#learnt.get(from)?.get(to) ?? this.#learnt.get(to)?.get(from);
    return learnt ?? this.#estimate(from, to);
  }

  hasLearnt(from: NodeId): boolean {
    return this.#learnt.has(from);
  }

  /** Finds out how far `from` is from all others. False: it did not tell. */
  async learn(from: NodeId): Promise<boolean> {
    const { self, addressOf, transport } = this.#ports;
    if (from === self) {
      this.#learnt.set(self, await this.#measured());
      return true;
    }
    const address = addressOf(from);
    if (address === undefined) return false;
    try {
      const timeoutMs = (ROUND_TRIP_PINGS + 1) * ROUND_TRIP_TIMEOUT_MS;
      const body = await transport.request(address, PEER_ROUND_TRIPS_PATH, EMPTY_BYTES, timeoutMs);
      this.#learnt.set(from, decodeRow(body));
      return true;
    } catch {
      return false;
    }
  }

  /** A peer asks how far this member is from all others. */
  async answer(): Promise<Uint8Array> {
    return encodeRow(await this.#measured());
  }

  /** Networks change: what was learnt long ago is to be learnt again. */
  forget(): void {
    this.#learnt.clear();
  }

  #estimate(from: NodeId, to: NodeId): number {
    const { membership } = this.#ports;
    const [left, right] = [membership.get(from)?.region ?? '', membership.get(to)?.region ?? ''];
    return isRegion(left) && isRegion(right) ? roundTripEstimateMs(left, right) : 0;
  }

  /** Of those who ask at the same time all get the same. */
  #measured(): Promise<Row> {
    this.#measuring ??= this.#measure().finally(() => (this.#measuring = undefined));
    return this.#measuring;
  }

  async #measure(): Promise<Row> {
    const { membership, self } = this.#ports;
    const others = membership.members.filter(({ id }) => id !== self);
    const trips = await Promise.all(others.map(async ({ id }) => [id, await this.#ping(id)]));
    return new Map(trips.filter((trip): trip is [NodeId, number] => trip[1] !== undefined));
  }

  /** The shortest of a few: a first one may have to connect, and any may find somebody busy. */
  async #ping(id: NodeId): Promise<number | undefined> {
    const { addressOf, transport, clock } = this.#ports;
    const address = addressOf(id);
    if (address === undefined) return undefined;
    let shortestMs: number | undefined;
    for (let count = 0; count < ROUND_TRIP_PINGS; count++) {
      const beganMs = clock.nowMs();
      try {
        await transport.request(address, PEER_PING_PATH, EMPTY_BYTES, ROUND_TRIP_TIMEOUT_MS);
      } catch {
        return shortestMs;
      }
      // A clock that was set back meanwhile has measured nothing.
      const tookMs = clock.nowMs() - beganMs;
      if (tookMs >= 0) shortestMs = Math.min(tookMs, shortestMs ?? tookMs);
    }
    return shortestMs;
  }
}

function encodeRow(row: Row): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(row.size);
  for (const [id, ms] of row) {
    writer.string(id);
    writer.varint(Math.round(ms * MICROSECONDS_PER_MS));
  }
  return writer.finish();
}

/** @throws DecodeError */
function decodeRow(bytes: Uint8Array): Row {
  const reader = new ByteReader(bytes);
  const row = new Map<NodeId, number>();
  for (let left = reader.varint(); left > 0; left--) {
    row.set(reader.string(), reader.varint() / MICROSECONDS_PER_MS);
  }
  return row;
}

/**
 * Member ids on the wire: 8 bytes, all zero for NO_NODE. Every message names two of the same few members,
 * so both directions remember what they converted.
 */
import { type ByteReader, type ByteWriter } from '../lib/binary.ts';
import { bytesOfHex, hexOf } from '../lib/bytes.ts';
import { NO_NODE, type NodeId } from './types.ts';

export const NODE_ID_BYTES = 8;
/** Ids from the network may be anything: what is remembered starts afresh beyond this many. */
const REMEMBERED_IDS_MAX = 1_000;

const NONE = '0'.repeat(2 * NODE_ID_BYTES);
const NO_NODE_BYTES = new Uint8Array(NODE_ID_BYTES);
const bytesById = new Map<NodeId, Uint8Array>();
/** By the id's two halves. */
const idByHalves = new Map<number, Map<number, NodeId>>();
let rememberedIds = 0;

/** @throws RangeError */
export function writeNodeId(writer: ByteWriter, id: NodeId): void {
  let bytes = id === NO_NODE ? NO_NODE_BYTES : bytesById.get(id);
  if (bytes === undefined) {
    if (!/^[0-9a-f]{16}$/.test(id)) {
      throw new RangeError(`encode member id: "${id}" is not 16 lower-case hexadecimal digits`);
    }
    bytes = bytesOfHex(id);
    if (bytesById.size >= REMEMBERED_IDS_MAX) bytesById.clear();
    bytesById.set(id, bytes);
  }
  writer.raw(bytes);
}

/** @throws DecodeError */
export function readNodeId(reader: ByteReader): NodeId {
  const low = reader.u32();
  const high = reader.u32();
  return idByHalves.get(low)?.get(high) ?? remember(low, high);
}

function remember(low: number, high: number): NodeId {
  const bytes = new Uint8Array(NODE_ID_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, low, true);
  view.setUint32(4, high, true);
  const hex = hexOf(bytes);
  const id = hex === NONE ? NO_NODE : hex;
  if (++rememberedIds > REMEMBERED_IDS_MAX) {
    idByHalves.clear();
    rememberedIds = 1;
  }
  const others = idByHalves.get(low);
  if (others === undefined) idByHalves.set(low, new Map([[high, id]]));
  else others.set(high, id);
  return id;
}

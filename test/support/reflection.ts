/** The .proto files read by protobufjs itself: the naive twin of what scripts/generate makes of them. */
import protobuf from 'protobufjs';

const FOLDER = 'src/api/proto';

export const reflection = new protobuf.Root();
reflection.resolvePath = (_origin, target) =>
  target.startsWith('google/') ? null : `${FOLDER}/${target.split('/').at(-1) ?? target}`;
reflection.loadSync(
  ['rpc.proto', 'v3lock.proto', 'v3election.proto', 'health.proto', 'internal.proto'],
  { keepCase: true },
);
reflection.resolveAll();

/** All messages but protobufjs's own. */
export function reflectedTypes(
  namespace: protobuf.NamespaceBase = reflection,
): readonly protobuf.Type[] {
  return namespace.nestedArray.flatMap((item) => [
    ...(item instanceof protobuf.Type ? [item] : []),
    ...(item instanceof protobuf.Namespace ? reflectedTypes(item) : []),
  ]);
}

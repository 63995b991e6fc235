/** Media types of gRPC-Web. */

/** `binary`: frames as they are; `text`: in base64, for clients that cannot read bytes as they come. */
export type GrpcWebMode = 'binary' | 'text';

export const CONTENT_TYPES: Readonly<Record<GrpcWebMode, string>> = {
  binary: 'application/grpc-web+proto',
  text: 'application/grpc-web-text+proto',
};

/** Undefined: not a request of gRPC-Web with protobuf messages. */
export function grpcWebMode(request: Request): GrpcWebMode | undefined {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/grpc-web' || type === CONTENT_TYPES.binary) return 'binary';
  if (type === 'application/grpc-web-text' || type === CONTENT_TYPES.text) return 'text';
  return undefined;
}

/** What the client wants to read; without a wish, what it writes. */
export function answerMode(request: Request, mode: GrpcWebMode): GrpcWebMode {
  const accepted = request.headers.get('accept')?.toLowerCase() ?? '';
  return accepted.includes('application/grpc-web-text') ? 'text' : mode;
}

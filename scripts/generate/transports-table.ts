/** docs/internals/transports.md: which method is served on which transport. */
import { type MethodSchema, parseMethod } from '../../src/api/schema.ts';
import { serviceOf, TRANSPORTS } from '../../src/api/transports.ts';
import type { Protos } from './load.ts';
import { methodLine } from './schema-table.ts';

const TEXT = `# Methods and transports

Made by \`npm run generate\` from the .proto files and \`src/api/transports.ts\`; \`test/durable/transports.test.ts\` calls every method on every transport and compares the answers. Whether a method is implemented at all is in [COMPATIBILITY.md](../COMPATIBILITY.md): what is not answers Unimplemented, on every transport alike.

"whole": as in etcd. "requests first": the client sends all its requests before it reads answers.

`;

export function transportsTable(protos: Protos): string {
  const methods = protos.services.flatMap((service) =>
    service.methodsArray.map((method) => parseMethod(methodLine(service, method))),
  );
  const rows = [
    ['method', 'calls', ...TRANSPORTS],
    ...methods.map((method) => [
      `\`${method.path}\``,
      shapeOf(method),
      ...TRANSPORTS.map((transport) => serviceOf(method, transport)),
    ]),
  ];
  return TEXT + markdownTable(rows);
}

function shapeOf({ clientStreaming, serverStreaming }: MethodSchema): string {
  if (clientStreaming) return 'stream both ways';
  return serverStreaming ? 'server stream' : 'unary';
}

/** With cells as wide as the formatter makes them. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const padded = (row: readonly string[]): string =>
    line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return padded(head) + rule + body.map(padded).join('');
}

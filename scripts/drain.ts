/** `edgetcd drain --endpoint URL [--member NAME]`: leadership leaves a member before it goes down. */
import { drain } from './lib/drain.ts';
import { readOptions, UsageError } from './lib/usage.ts';

export const summary =
  'hand leadership over before a member goes down (--endpoint URL --member NAME)';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      endpoint: { type: 'string', multiple: true, default: ['http://127.0.0.1:2379'] },
      member: { type: 'string' },
      to: { type: 'string' },
      token: { type: 'string' },
    },
  });
  const { member, to } = values;
  if (member !== undefined && member === to) {
    throw new UsageError(`--member and --to are both ${JSON.stringify(to)}`);
  }
  const done = await drain({
    endpoints: values.endpoint.map((endpoint) => endpoint.replace(/\/$/, '')),
    member,
    to,
    token: values.token ?? process.env['EDGETCD_TOKEN'],
  });
  console.log(
    done.kind === 'idle'
      ? `${done.member} does not lead: ${done.leader} does`
      : `${done.leader} leads instead of ${done.member}, after ${done.tookMs.toFixed(0)} ms`,
  );
  return 0;
}

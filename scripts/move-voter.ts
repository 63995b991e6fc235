/** `edgetcd move-voter --from NAME --to NAME --endpoint URL`: a learner takes a voter's place in one change. */
import { moveVoter } from './lib/move-voter.ts';
import { readOptions, UsageError } from './lib/usage.ts';

export const summary =
  'let a learner take the place of a voter (--from NAME --to NAME --endpoint URL)';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      endpoint: { type: 'string', multiple: true, default: ['http://127.0.0.1:2379'] },
      from: { type: 'string' },
      to: { type: 'string' },
      token: { type: 'string' },
    },
  });
  const { from, to } = values;
  if (from === undefined || to === undefined) {
    throw new UsageError('which voter, and which learner: --from NAME --to NAME');
  }
  await moveVoter({
    endpoints: values.endpoint.map((endpoint) => endpoint.replace(/\/$/, '')),
    from,
    to,
    token: values.token ?? process.env['EDGETCD_TOKEN'],
  });
  console.log(`${to} votes now, and ${from} is no member any more`);
  return 0;
}

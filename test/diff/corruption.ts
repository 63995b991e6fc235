/** Requests as broken clients send them. What comes out is never a good request of another meaning. */
import type { Prng } from '../../src/lib/prng.ts';

/**
 * Values that no field of the KV and lease services takes. No arrays: 3.4 reads one of numbers as bytes,
 * which protobuf's JSON does not know.
 */
const WRONG_VALUES = ['{"a":1}', '1.5', '"***"', '"no such name"', 'nul', '1e400', "'x'"];
/** A field and its value, where that is a scalar. */
const MEMBER = /("\w+":)("[^"]*"|-?\d+|true|false)/g;

export function corrupted(body: string, random: Prng): string {
  const dice = random.below(10);
  if (dice < 4) return body.slice(0, random.below(body.length));
  if (dice < 5) return random.pick(['', ' ', '[]', '"text"', '12', 'true', '{]', '{"key"}', '}']);
  const members = [...body.matchAll(MEMBER)].filter(([, name]) => name !== '"of_the_future":');
  if (members.length === 0) return body.slice(0, -1);
  const member = random.pick(members);
  const [text, name = ''] = member;
  const at = member.index;
  return body.slice(0, at) + name + random.pick(WRONG_VALUES) + body.slice(at + text.length);
}

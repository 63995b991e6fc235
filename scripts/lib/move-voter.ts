/** A learner takes the place of a voter in one change, which is how a voter moves to another region. */
import { drain } from './drain.ts';
import { Gateway, type GatewayOptions, type Listed } from './gateway.ts';
import { UsageError } from './usage.ts';

export interface MoveOptions extends GatewayOptions {
  /** Name of the voter that goes. */
  readonly from: string;
  /** Name of the learner that votes from then on. */
  readonly to: string;
}

/** Hands leadership over first if the voter has it. @throws UsageError with the leader's refusal */
export async function moveVoter({ from, to, ...options }: MoveOptions): Promise<void> {
  const gateway = new Gateway(options);
  const members = await gateway.members();
  const named = (name: string): Listed => {
    const member = members.find((each) => each.name === name);
    if (member !== undefined) return member;
    const names = members.map((each) => each.name).join(', ');
    throw new UsageError(`move a voter: no member ${name}, there are ${names}`);
  };
  const [voter, learner] = [named(from), named(to)];
  if (learner.isLearner !== true) {
    throw new UsageError(`move a voter: ${to} is no learner, and so votes already`);
  }
  await drain({ ...options, member: from });
  await gateway.first('/edgetcd/members/replace', { voter: voter.ID, learner: learner.ID });
}

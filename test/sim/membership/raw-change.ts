/**
 * Raft takes changes of several members at once; members offer no such RPC, as etcd does not. The
 * simulator adds a way to propose them while the source is loaded.
 */
import type { Member } from '../../../src/member/member.ts';
import type { ConfChange } from '../../../src/raft/types.ts';

const NAME = 'proposeForSimulation';

/** Part of what patches.ts does to src/member/member.ts in every simulation. */
export const RAW_CHANGE_PATCH = {
  file: 'src/member/member.ts',
  find: '  get status(): RaftStatus {\n',
  replace:
    `  ${NAME}(change) { if (this.#stopped === undefined) { this.#raft.proposeConfChange(change); this.#schedule(); } }\n\n` +
    '  get status(): RaftStatus {\n',
} as const;

export function proposeConfChange(member: Member, change: ConfChange): void {
  const door = member as unknown as Partial<Record<typeof NAME, (change: ConfChange) => void>>;
  const propose = door[NAME];
  if (propose === undefined) {
    throw new Error('propose a change of several members: the hook of patches.ts is missing');
  }
  propose.call(member, change);
}

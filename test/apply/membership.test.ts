import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  idToLong,
  MemberDescription,
  type MemberDescriptionInput,
} from '../../src/api/messages.ts';
import { ConfChangeType, type ConfChangeStep } from '../../src/raft/types.ts';
import { Harness, TERM } from './harness.ts';

const A = '000000000000000a';
const B = '000000000000000b';
const C = 'cccccccccccccccc';

function step(type: keyof typeof ConfChangeType, node: string): ConfChangeStep {
  return { type: ConfChangeType[type], node };
}

/** Applies a change and returns the refusal's text, without its prefix. */
function change(
  machine: Harness,
  steps: readonly ConfChangeStep[],
  description: MemberDescriptionInput = {},
): string | undefined {
  const context = MemberDescription.encode(description).finish();
  const at = { index: machine.state.applied.index + 1, term: TERM };
  const error = machine.state.applyConfChange({ steps, transition: 'auto', context }, at);
  return error?.message.replace('etcdserver: ', '');
}

function described(id: string, url = `http://${id}`): MemberDescriptionInput {
  return { ID: idToLong(id), peer_urls: [url], name: `name-${id}`, region: 'weur' };
}

/** Members as id:role:urls, in the order they are listed. */
function listed(machine: Harness): string {
  return machine.state.membership.members
    .map(
      ({ id, isLearner, peerUrls }) =>
        `${id.slice(-1)}:${isLearner ? 'learner' : 'voter'}:${peerUrls.join()}`,
    )
    .join(' ');
}

/** Voters a and b. */
function cluster(): Harness {
  const machine = new Harness();
  change(machine, [step('addVoter', B)], described(B));
  change(machine, [step('addVoter', A)], described(A));
  return machine;
}

describe('membership', () => {
  it('M7: members are listed ascending by id', () => {
    assert.equal(listed(cluster()), `a:voter:http://${A} b:voter:http://${B}`);
  });

  it('M1: a new member has what its description says', () => {
    const machine = cluster();
    change(machine, [step('addLearner', C)], described(C));
    assert.deepEqual(machine.state.membership.get(C), {
      id: C,
      name: `name-${C}`,
      peerUrls: [`http://${C}`],
      clientUrls: [],
      region: 'weur',
      isLearner: true,
    });
  });

  it('M2: a peer URL belongs to one member', () => {
    const machine = cluster();
    const before = listed(machine);
    const refused = change(machine, [step('addVoter', C)], described(C, `http://${A}`));
    assert.equal(refused, 'Peer URLs already exists');
    assert.equal(listed(machine), before);
  });

  it('a new member without peer URLs, or without a description of its own, is refused', () => {
    const machine = cluster();
    assert.equal(change(machine, [step('addVoter', C)]), 'given member URLs are invalid');
    assert.equal(
      change(machine, [step('addVoter', C)], described(A)),
      'given member URLs are invalid',
    );
  });

  it('M2: removal of an unknown member is refused', () => {
    assert.equal(change(cluster(), [step('remove', C)]), 'member not found');
  });

  it('M2, scenario 13: a removed id never comes back, in any role', () => {
    const machine = cluster();
    assert.equal(change(machine, [step('remove', B)]), undefined);
    assert.equal(machine.state.membership.isRemoved(B), true);
    assert.equal(change(machine, [step('addVoter', B)], described(B)), 'member not found');
    assert.equal(change(machine, [step('addLearner', B)], described(B)), 'member not found');
    assert.equal(change(machine, [step('remove', B)]), 'member not found');
    assert.equal(listed(machine), `a:voter:http://${A}`);
  });

  it('the peer URL of a removed member is free again', () => {
    const machine = cluster();
    change(machine, [step('remove', B)]);
    assert.equal(change(machine, [step('addVoter', C)], described(C, `http://${B}`)), undefined);
  });

  it('M6: an update replaces the peer URLs and keeps the rest', () => {
    const machine = cluster();
    change(machine, [step('addVoter', A)], { ID: idToLong(A), peer_urls: ['http://new'] });
    assert.equal(machine.state.membership.get(A)?.name, `name-${A}`);
    assert.deepEqual(machine.state.membership.get(A)?.peerUrls, ['http://new']);
  });

  it('scenario 10: an update of a learner leaves it a learner', () => {
    const machine = cluster();
    change(machine, [step('addLearner', C)], described(C));
    change(machine, [step('addLearner', C)], described(C, 'http://new'));
    assert.equal(listed(machine).endsWith('c:learner:http://new'), true);
  });

  it('a promotion makes a voter of a learner and keeps its URLs', () => {
    const machine = cluster();
    change(machine, [step('addLearner', C)], described(C));
    assert.equal(change(machine, [step('addVoter', C)]), undefined);
    assert.equal(listed(machine).endsWith(`c:voter:http://${C}`), true);
  });

  it('a late update of a learner does not undo its promotion', () => {
    const machine = cluster();
    change(machine, [step('addLearner', C)], described(C));
    change(machine, [step('addVoter', C)]);
    assert.notEqual(
      change(machine, [step('addLearner', C)], described(C, 'http://new')),
      undefined,
    );
    assert.equal(listed(machine).endsWith(`c:voter:http://${C}`), true);
  });

  it('a change of several steps happens whole or not at all', () => {
    const machine = cluster();
    const swap = [step('addVoter', C), step('remove', B)];
    assert.equal(change(machine, [...swap, step('remove', B)], described(C)), 'member not found');
    assert.equal(listed(machine), `a:voter:http://${A} b:voter:http://${B}`);
    assert.equal(change(machine, swap, described(C)), undefined);
    assert.equal(listed(machine), `a:voter:http://${A} c:voter:http://${C}`);
  });

  it('a replacement may take over the URL of the member it replaces', () => {
    const machine = cluster();
    const swap = [step('addVoter', C), step('remove', B)];
    assert.equal(change(machine, swap, described(C, `http://${B}`)), undefined);
  });

  it('leaving a joint configuration changes no member', () => {
    const machine = cluster();
    const before = listed(machine);
    assert.equal(change(machine, []), undefined);
    assert.equal(listed(machine), before);
    assert.equal(machine.state.applied.index, 3);
  });

  it('a description that cannot be read is refused', () => {
    const machine = cluster();
    const context = Uint8Array.of(0x0a, 0xff);
    const at = { index: machine.state.applied.index + 1, term: TERM };
    const error = machine.state.applyConfChange(
      { steps: [step('addVoter', C)], transition: 'auto', context },
      at,
    );
    assert.match(error?.message ?? '', /description cannot be read/);
    assert.deepEqual(machine.state.applied, at);
  });

  it('a member says its name and client URLs; an unknown or removed one cannot', () => {
    const machine = cluster();
    const attributes = { ID: idToLong(A), name: 'eins', client_urls: ['http://client'] };
    machine.done({ member_attributes: attributes });
    machine.done({ member_attributes: attributes });
    const member = machine.state.membership.get(A);
    assert.deepEqual([member?.name, member?.clientUrls], ['eins', ['http://client']]);
    const unknown = { member_attributes: { ...attributes, ID: idToLong(C) } };
    assert.match(machine.failed(unknown).message, /member not found/);
  });
});

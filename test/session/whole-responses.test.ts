import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WholeResponses } from '../../src/session/whole-responses.ts';

const message = (name: string, fragment = false) => ({ name, fragment });
const names = (messages: readonly { readonly name: string }[]): string =>
  messages.map(({ name }) => name).join();

describe('the fragments of a response', () => {
  it('go on together, in order, with the last', () => {
    const responses = new WholeResponses<ReturnType<typeof message>>();
    assert.equal(names(responses.take(message('a'))), 'a');
    assert.equal(names(responses.take(message('b', true))), '');
    assert.equal(names(responses.take(message('c', true))), '');
    assert.equal(names(responses.take(message('d'))), 'b,c,d');
    assert.equal(names(responses.take(message('e'))), 'e');
  });

  it('are forgotten when the member is lost between them', () => {
    const responses = new WholeResponses<ReturnType<typeof message>>();
    responses.take(message('a', true));
    responses.drop();
    assert.equal(names(responses.take(message('b', true))), '');
    assert.equal(names(responses.take(message('c'))), 'b,c');
  });
});

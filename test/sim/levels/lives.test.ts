import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lives, type LivesHost } from './lives.ts';

const host = (builds: number, sleeps: number, twin?: object): LivesHost<object> => ({
  id: 'm1',
  counts: { builds, sleeps },
  twin: twin === undefined ? undefined : { instance: twin },
});

test('sleep does not end a life, any other end does', () => {
  const lives = new Lives();
  const first = {};
  assert.equal(lives.of(host(1, 0), first), 1);
  assert.equal(lives.of(host(1, 0), first), 1);
  assert.equal(lives.of(host(2, 1), {}), 1);
  assert.equal(lives.of(host(3, 1), {}), 2);
});

// Seed 51491: the old instance's reads passed for the new one's, which knew more.
test('an instance that was taken over lives on by itself, also when it was not read before', () => {
  const lives = new Lives();
  const [known, old, current] = [{}, {}, {}];
  assert.equal(lives.of(host(1, 0), known), 1);
  assert.equal(lives.of(host(2, 0, known), current), 2);
  assert.equal(lives.of(host(2, 0, known), known), 1);
  assert.equal(lives.of(host(2, 0, old), old), 3);
  assert.equal(lives.of(host(2, 0, old), current), 2);
  assert.equal(lives.of(host(3, 1), {}), 2);
});

/** Goal: data goes to real etcd and comes back unchanged, history and leases included. The large run is `npm run test:snapshot`. */
import { test } from 'node:test';
import { findEtcd } from '../../scripts/lib/etcd.ts';
import { roundTrip } from '../../scripts/lib/round-trip.ts';

test('edgetcd to etcd and back to edgetcd', { skip: findEtcd() === undefined }, async (context) => {
  await roundTrip({ keys: 600, seed: 11, members: 1, say: (line) => context.diagnostic(line) });
});

import { expect, test } from 'vitest';
import type { ConnectedEvent } from './connection-event.ts';
import type { LeaseEntry } from './directory-leases.ts';
import { deviceRef, type ConnectionId, type Epoch, type Instant, type Timestamp } from './ids.ts';
import { heirsOf, holderWith, leaseHeldBy, slotKey, type DeclaredDeath } from './slot-holder.ts';

const device = deviceRef('acme', 'thermostat-7');
const epoch = '0'.repeat(16) as Epoch;
const event = {
  device,
  connectionId: 'c1' as ConnectionId,
  basis: { kind: 'session' },
  adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'mqtt-0' },
} as ConnectedEvent;

test('a slot is one of a device, and of a type of adapter', () => {
  const keys = [
    slotKey('hono-mqtt', device, 'a'),
    slotKey('hono-amqp', device, 'a'),
    slotKey('hono-mqtt', device, 'b'),
    slotKey('hono-mqtt', deviceRef('acme', 'thermostat-8'), 'a'),
  ];
  expect(new Set(keys).size).toBe(4);
  expect(slotKey('hono-mqtt', device, 'a')).toBe(keys[0]);
});

test('a connection without a slot has no key', () => {
  expect(slotKey('hono-mqtt', device, undefined)).toBeUndefined();
});

test('of a lease, what has passed since its holder noted it is added', () => {
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'declared' } as const;
  const entry: LeaseEntry = { event, slot: 'sensor', state: { basis, silentMs: 500, leftMs: 59_500 } };
  const holder = holderWith('mqtt-0', entry, { epoch, now: 1_000 as Instant });
  expect(leaseHeldBy(holder, 61_000 as Instant)).toEqual({
    event,
    slot: 'sensor',
    instance: 'mqtt-0',
    state: { basis, silentMs: 60_500, leftMs: -500 },
    connectedAgoMs: 60_000,
  });
  // When one that was begun by another incarnation began is not known, unless it was here since.
  const [at, later] = [2_000 as Instant, 3_000 as Instant];
  const heir = holderWith('heir', entry, { epoch, now: at });
  expect(leaseHeldBy(heir, later)).not.toHaveProperty('connectedAgoMs');
  const after = holderWith('heir', entry, { epoch, now: at, before: holder });
  expect(leaseHeldBy(after, later)).toMatchObject({ connectedAgoMs: 2_000 });
});

test('a holder of a session notes no lease', () => {
  const holder = holderWith('mqtt-0', { event, slot: 'a' }, { epoch, now: 1_000 as Instant });
  expect(holder).toEqual({ connection: 'c1', epoch, entry: { event, slot: 'a' }, instance: 'mqtt-0' });
});

test('heirs of heirs, in order; a circle ends', () => {
  const death = (successor?: string): DeclaredDeath => ({
    identity: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'i' },
    aliveAt: 1 as Timestamp,
    declaredAt: 2 as Timestamp,
    unconfirmedSince: undefined,
    ...(successor !== undefined && { successor }),
  });
  const deaths = new Map([
    ['a', death('b')],
    ['b', death('c')],
    ['c', death()],
    ['x', death('y')],
    ['y', death('x')],
  ]);
  expect(heirsOf('a', deaths)).toEqual(['b', 'c']);
  expect(heirsOf('c', deaths)).toEqual([]);
  expect(heirsOf('x', deaths)).toEqual(['y', 'x']);
});

import { deviceRef, type ConnectionId } from '@rollcall/core';
import type { AuthenticatedDevice } from '@rollcall/access';
import { beforeEach, expect, test } from 'vitest';
import { OwnPlaces } from './own-places.ts';

const device = deviceRef('acme', 'thermostat-7');
let here: number;
let elsewhere: number;
let heldHere: string | undefined;
let heldElsewhere: string | undefined;
let status: 'local' | 'in-touch';
let asked: string[];
/** What the directory learns once it is asked; absent: it knows. */
let learnt: number | undefined;

beforeEach(() => {
  learnt = undefined;
  [here, elsewhere, heldHere, heldElsewhere, status, asked] = [1, 1, undefined, 'x', 'in-touch', []];
});

const placesOf = (kind: 'session' | 'lease') =>
  new OwnPlaces({
    kind,
    connections: { countOf: () => here },
    directory: {
      get status() {
        return status;
      },
      elsewhere: () => elsewhere,
      lookUpCount() {
        if (learnt === undefined) return undefined;
        const count = learnt;
        return Promise.resolve().then(() => {
          elsewhere = count;
          asked.push('count');
        });
      },
      holderHere: (_device, slot) => (slot === heldHere ? ('c1' as ConnectionId) : undefined),
      isHeld(what, _device, slot) {
        asked.push(`${what} ${slot}`);
        return Promise.resolve(slot === heldElsewhere);
      },
    },
  });

const identity = (maxConnections?: number): AuthenticatedDevice =>
  ({
    device,
    authId: 'sensor',
    tenant: { id: device.tenant, limits: maxConnections === undefined ? {} : { maxConnections } },
  }) as unknown as AuthenticatedDevice;

test('the fleet is asked where the tenant is full, and the slot is not held here', async () => {
  const places = placesOf('session');
  const who = identity(2);
  await places.lookFor(who, 'x');
  expect([asked, places.takenOver(who, 'x'), places.takenOver(who, 'y')]).toEqual([
    ['session x'],
    'elsewhere',
    undefined,
  ]);
  heldElsewhere = undefined;
  await places.lookFor(who, 'x');
  expect(places.takenOver(who, 'x'), 'asked again').toBeUndefined();
});

test.each([
  ['nobody knows who it is', undefined, 'x', () => {}],
  ['it names no slot', identity(2), undefined, () => {}],
  ['its tenant has no limit', identity(), 'x', () => {}],
  ['there is room', identity(3), 'x', () => {}],
  ['there is no fleet', identity(2), 'x', () => (status = 'local')],
  ['the slot is held here', identity(2), 'x', () => (heldHere = 'x')],
] satisfies [string, AuthenticatedDevice | undefined, string | undefined, () => unknown][])(
  'nothing is waited for where %s',
  (_where, who, slot, given) => {
    given();
    expect([placesOf('session').lookFor(who, slot), asked]).toEqual([undefined, []]);
  },
);

test('what is held here is taken over here, without a fleet too', () => {
  status = 'local';
  heldHere = 'x';
  const places = placesOf('session');
  expect([places.takenOver(identity(2), 'x'), places.takenOver(identity(2), 'y')]).toEqual([
    'here',
    undefined,
  ]);
});

test('a lease goes by the auth-id', async () => {
  heldElsewhere = 'sensor';
  const places = placesOf('lease');
  const who = identity(2);
  await places.lookFor(who);
  expect([asked, places.takenOver(who)]).toEqual([['lease sensor'], 'elsewhere']);
});

test.each([
  ['with a slot', 'x', ['session x', 'count']],
  ['without one', undefined, ['count']],
])(
  'a device %s waits for the count of a tenant that was not asked about lately',
  async (_which, slot, questions) => {
    [elsewhere, learnt] = [0, 1];
    const places = placesOf('session');
    await places.lookFor(identity(2), slot);
    expect([asked, places.countOf(device.tenant)]).toEqual([questions, 2]);
  },
);

test('the count of a tenant that has no limit is not asked for, nor without a fleet', () => {
  learnt = 1;
  expect(placesOf('session').lookFor(identity(), 'x')).toBeUndefined();
  status = 'local';
  expect([placesOf('session').lookFor(identity(2), 'x'), asked]).toEqual([undefined, []]);
});

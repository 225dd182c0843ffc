import { anEvent, ManualClock } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Instant, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import type { ConnectionDescription } from '../host-presence.ts';
import { ConnectedDevices, type Connected } from './connected-devices.ts';

function aConnection(id: string, { tenant = 'acme', device = id, slot = '' } = {}): Connected {
  const ref = deviceRef(tenant, device);
  return {
    event: anEvent(id, { connectionId: id as ConnectionId, device: ref }),
    description: {
      identity: { device: ref } as ConnectionDescription['identity'],
      remoteId: id,
      protocol: 'MQTT 5.0',
      ...(slot !== '' && { slot }),
    },
    tracked: { report() {}, stop() {}, presence: () => ({ lastSeen: 7 as Instant }) },
    releaseAccess() {},
  };
}

const toWallTime = (at: Instant): Timestamp => (1_000 + at) as Timestamp;

test('devices are counted by tenant, and a tenant without any is forgotten', () => {
  const devices = new ConnectedDevices(new ManualClock());
  const first = aConnection('a');
  devices.add(first);
  devices.add(aConnection('b'));
  devices.add(aConnection('c', { tenant: 'umbrella' }));
  expect([devices.count, devices.countOf('acme'), devices.countOf('nowhere')]).toEqual([3, 2, 0]);
  for (const connected of [...devices.all()]) devices.remove(connected);
  expect([devices.count, devices.byTenant.size, devices.has(first)]).toEqual([0, 0, false]);
});

test('a slot is held by the latest connection, also after the older one is removed', () => {
  const devices = new ConnectedDevices(new ManualClock());
  const facts = { device: 'thermostat-7', slot: 'unit-1' };
  const [older, newer] = [aConnection('older', facts), aConnection('newer', facts)];
  devices.add(older);
  expect(devices.holderOf(newer.description)).toBe(older);
  devices.add(newer);
  devices.remove(older);
  expect(devices.holderOf(older.description)).toBe(newer);
  expect(devices.holderOf(aConnection('x', { ...facts, tenant: 'umbrella' }).description)).toBeUndefined();
});

test('notes go round all devices a share at a time, and leave out those that were not heard since', () => {
  const devices = new ConnectedDevices(new ManualClock());
  for (const id of ['a', 'b', 'c', 'd']) devices.add(aConnection(id));
  const rounds = [0.5, 0.5, 1].map((share) => devices.takeNotes(share, toWallTime));
  expect(rounds.map((notes) => notes.map(([id]) => id))).toEqual([['a', 'b'], ['c', 'd'], []]);
  expect(rounds[0]?.[0]?.[1]).toEqual({ lastSeen: 1_007 });
});

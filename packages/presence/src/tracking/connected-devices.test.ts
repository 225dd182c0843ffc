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

test('a connection is found by its id as long as it is there', () => {
  const devices = new ConnectedDevices(new ManualClock());
  const connected = aConnection('a');
  devices.add(connected);
  expect(devices.get('a' as ConnectionId)).toBe(connected);
  expect([devices.get('b' as ConnectionId), devices.get(undefined)]).toEqual([undefined, undefined]);
  devices.remove(connected);
  expect(devices.get('a' as ConnectionId)).toBeUndefined();
});

test('each has its turn, one after the other, whichever come and go', () => {
  const devices = new ConnectedDevices(new ManualClock());
  expect(devices.next()).toBeUndefined();
  const [a, b, c] = ['a', 'b', 'c'].map((id) => aConnection(id));
  if (!a || !b || !c) throw new Error('three');
  devices.add(a);
  devices.add(b);
  expect([devices.next(), devices.next(), devices.next()]).toEqual([a, b, a]);
  devices.remove(b);
  devices.add(c);
  expect([devices.next(), devices.next()]).toEqual([c, a]);
});

test('notes go round all devices a share at a time, and leave out devices that were not heard since', () => {
  const devices = new ConnectedDevices(new ManualClock());
  for (const id of ['a', 'b', 'c', 'd']) devices.add(aConnection(id));
  const rounds = [0.5, 0.5, 1].map((share) => devices.takeNotes(share, toWallTime, () => 0));
  expect(rounds.map((notes) => notes.map(([id]) => id))).toEqual([['a', 'b'], ['c', 'd'], []]);
  expect(rounds[0]?.[0]?.[1]).toEqual({ lastSeen: 1_007 });
});

test('a note of a device whose last bytes waited for the loop says when they can have arrived at the earliest', () => {
  const devices = new ConnectedDevices(new ManualClock());
  devices.add(aConnection('a'));
  expect(devices.takeNotes(1, toWallTime, () => 4)).toEqual([['a', { lastSeen: 1_003 }]]);
});

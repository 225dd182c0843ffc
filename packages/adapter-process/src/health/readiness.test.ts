import type { Timestamp } from '@rollcall/core';
import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { EventSink } from '@rollcall/core/sink';
import type { DirectoryStatus } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import type { SinkDepth } from '@rollcall/outbox/internal';
import { noMessaging } from '@rollcall/messaging-module/internal';
import { readinessCauses } from '../messages/readiness-causes.ts';
import { checkOfAdapter } from './check-of-adapter.ts';
import { readinessOfOthers } from './readiness.ts';

const now = 10_000 as Timestamp;
const quiet: SinkDepth = {
  sink: 'events',
  events: 0,
  bytes: 0,
  parked: 0,
  refusingTenants: 0,
  oldestAt: undefined,
};

function delivery(depth: Partial<SinkDepth>) {
  const sender = { connected: () => true } as DeviceDataSender;
  const checks = readinessOfOthers({
    registry: {},
    sinks: [],
    sender,
    files: [],
    depth: [{ ...quiet, ...depth }],
    journalBehind: false,
    now,
  });
  return checks.find(({ name }) => name === 'delivery-to-events-sink');
}

test.each([
  ['nothing waits', {}, { status: 'UP' }],
  ['an event waits for a moment', { events: 1, oldestAt: 8_000 }, { status: 'UP' }],
  [
    'an event waits too long',
    { events: 1, oldestAt: 7_999 },
    { status: 'DEGRADED', code: 'EVENTS_NOT_CONFIRMED', reason: 'events wait to be confirmed' },
  ],
  [
    'all events of a tenant are refused',
    { parked: 12, refusingTenants: 1 },
    {
      status: 'DEGRADED',
      code: 'TENANTS_REFUSED',
      reason: 'events of 1 tenant are refused; 12 are parked',
    },
  ],
  ['some were refused, and now they are accepted', { parked: 12 }, { status: 'UP' }],
] as const)('delivery where %s', (_what, depth, expected) => {
  expect(delivery(depth)).toEqual({ name: 'delivery-to-events-sink', ...expected });
});

test.each([
  ['local', undefined],
  ['in-touch', { status: 'UP' }],
  ['catching-up', { status: 'DEGRADED', code: 'FLEET_CATCHING_UP' }],
  ['restricted', { status: 'DEGRADED', code: 'FLEET_RESTRICTED' }],
  ['away', { status: 'DEGRADED', code: 'FLEET_AWAY' }],
] as const)('an adapter whose fleet is %s', (directory, expected) => {
  const sender = { connected: () => true } as DeviceDataSender;
  const facts = { registry: {}, sinks: [], sender, files: [], depth: [], journalBehind: false, now };
  const found = readinessOfOthers({ ...facts, directory }).find(({ name }) => name === 'fleet');
  if (expected) expect(found).toMatchObject(expected);
  else expect(found).toBeUndefined();
});

test('a certificate that is not the one in the files degrades, and no more', () => {
  const sender = { connected: () => true } as DeviceDataSender;
  const files = [
    { name: 'mqtts', current: false },
    { name: 'messaging', current: true },
  ];
  const checks = readinessOfOthers({
    registry: {},
    sinks: [],
    sender,
    files,
    depth: [],
    journalBehind: false,
    now,
  });
  expect(checks).toContainEqual(
    expect.objectContaining({ name: 'files-of-mqtts', status: 'DEGRADED', code: 'FILES_NOT_CURRENT' }),
  );
  expect(checks).toContainEqual({ name: 'files-of-messaging', status: 'UP' });
});

test('an adapter without a messaging network says so, and is ready', () => {
  const checks = readinessOfOthers({
    registry: {},
    sinks: [],
    sender: noMessaging,
    files: [],
    depth: [],
    journalBehind: false,
    now,
  });
  expect(checks).toContainEqual({
    name: 'connection-to-downstream',
    status: 'DEGRADED',
    code: 'NETWORK_NOT_CONFIGURED',
    reason: 'no messaging network is configured: device data is refused',
  });
});

const nothingElse = {
  sinks: [],
  sender: { connected: () => true } as unknown as DeviceDataSender,
  files: [],
  depth: [],
  journalBehind: false,
  now,
};
const service = (name: string, reachable: boolean) => ({
  ...{ name, reachable, outstanding: 3, kept: 2, keptUses: 9 },
  outcomes: { answered: 5, timeout: 1 },
});
const servicesAway = {
  services: [service('tenant', false), service('credentials', true)],
  hearsChanges: false,
};
const isNotUp = ({ status }: { readonly status: string }): boolean => status !== 'UP';

test('an adapter whose registry is a service says which of them is away, and whether it hears of changes', () => {
  const checks = (registry: typeof servicesAway | { hearsChanges: undefined; services: [] }) =>
    readinessOfOthers({ ...nothingElse, registry: { services: () => registry } }).filter(({ name }) =>
      name.startsWith('registry-'),
    );
  expect(checks(servicesAway)).toEqual([
    {
      name: 'registry-tenant',
      status: 'DEGRADED',
      code: 'REGISTRY_SERVICE_AWAY',
      reason: expect.any(String),
    },
    { name: 'registry-credentials', status: 'UP' },
    {
      name: 'registry-changes',
      status: 'DEGRADED',
      code: 'REGISTRY_CHANGES_NOT_HEARD',
      reason: expect.any(String),
    },
  ]);
  expect(checks({ services: [], hearsChanges: undefined }), 'there is no way to hear of them').toEqual([]);
});

test('each cause of a readiness that is not UP has its code and its reason', () => {
  const away = { name: 'events', connected: () => false } as unknown as EventSink;
  const { loadedAt, ...state } = { loadedAt: 0 as Timestamp, devices: 100, current: false, heldDevices: 0 };
  const worst = (heldDevices: number, sender: DeviceDataSender, directory: DirectoryStatus) =>
    readinessOfOthers({
      directory,
      registry: { state: () => ({ loadedAt, ...state, heldDevices }) },
      sinks: [away],
      sender,
      files: [{ name: 'mqtts', current: false }],
      depth: [
        { ...quiet, oldestAt: loadedAt },
        { ...quiet, refusingTenants: 1 },
      ],
      journalBehind: true,
      now,
    });
  const all = [
    checkOfAdapter(false),
    ...readinessOfOthers({ ...nothingElse, registry: { services: () => servicesAway } }).filter(isNotUp),
    ...worst(0, noMessaging, 'away'),
    ...worst(40, { connected: () => false } as DeviceDataSender, 'catching-up'),
    ...worst(0, noMessaging, 'restricted'),
  ];
  expect(new Set(all.map(({ code }) => code))).toEqual(new Set(readinessCauses));
  for (const { reason, status } of all) {
    expect(reason).toMatch(/ /);
    expect(status).not.toBe('UP');
  }
});

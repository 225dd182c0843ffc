import { ManualClock } from '@rollcall/conformance';
import type { Clock } from '@rollcall/core/environment';
import { decodeEvent, type ReceivedMessage } from '@rollcall/hono-wire';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deviceJson } from '../http/device-json.ts';
import { openApi } from '../openapi/open-api.ts';
import type { PresenceStore } from '../store/presence-store.ts';
import { Freshness } from '../freshness.ts';
import { ChangeFeed } from '../watching/change-feed.ts';
import { StreamProgress } from '../following/stream-progress.ts';
import { connectionId } from './received.ts';
import { startApi } from './start-api.ts';

/** What JSON can have as a number, or as a time that `Date` reads. */
const numbers = [0, -1, 0.5, 2 ** 31, 2 ** 53, 8.64e15, 1e300, -1e300];
const times = [
  '1970-01-01T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '9999-12-31T23:59:59Z',
];
const epochs = ['0000000000000000', 'ffffffffffffffff', 'e677d21fdbffffff'];

/** Fields of `data`, each with its possible values. */
const fields: readonly (readonly [name: string, value: unknown])[] = [
  ...['uncertainty-ms', 'announce-interval-ms', 'coalesced'].flatMap((name) =>
    numbers.map((number) => [name, number] as const),
  ),
  ...numbers.flatMap((number) => [
    ['basis', { kind: 'session', 'detect-within-ms': number }] as const,
    ['basis', { kind: 'lease', 'interval-ms': number, 'detect-within-ms': number, from: 'default' }] as const,
  ]),
  ...['at', 'connected-at', 'last-seen'].flatMap((name) => times.map((time) => [name, time] as const)),
  ...times.map((until) => ['basis', { kind: 'lease', 'interval-ms': 1, from: 'default', until }] as const),
  ...['epoch', 'ended-epoch'].flatMap((name) => epochs.map((epoch) => [name, epoch] as const)),
];

/** Whatever numbers and times an event has: it is stored, or it is not a valid event, and every request is answered. */
export function describeAnyNumber(kind: string, open: (clock: Clock) => Promise<PresenceStore>): void {
  describe(`${kind}:`, () => {
    test('every request is answered, whatever numbers and times the events have', async () => {
      const clock = new ManualClock('2026-11-28T12:00:00.000Z');
      const store = await open(clock);
      onTestFinished(() => store.close());
      const devices = ['plain', ...fields.map((_, index) => `d-${index}`)];
      for (const [index, [name, value]] of fields.entries())
        for (const cause of ['connected', 'disconnected'])
          await applyIfEvent(store, messageOf(`d-${index}`, cause, { [name]: value }));
      for (const device of devices) await applyIfEvent(store, messageOf(device, 'connected', {}));
      await store.sweep();
      const { get, failures } = await apiOver(store, clock);
      for (const url of [
        ...pathsOf('{tenant}', 'plain'),
        ...devices.flatMap((device) => pathsOf('{device}', device)),
      ]) {
        const response = await get(url);
        const text = await response.text();
        expect([url, response.status]).toEqual([url, 200]);
        // A year behind 9999 has a sign, which RFC 3339 does not have.
        expect([url, text.includes(':"+')]).toEqual([url, false]);
      }
      expect(failures).toEqual([]);
    });
  });
}

async function apiOver(store: PresenceStore, clock: ManualClock) {
  const feed = new ChangeFeed(store, deviceJson);
  onTestFinished(() => feed.close());
  const progress = new StreamProgress({ clock, credit: 1 });
  const failed = (): void => {};
  const freshness = new Freshness({
    clock,
    store,
    progress,
    replica: 'one',
    announceIntervalMs: 3_600_000,
    failed,
  });
  await freshness.begin();
  onTestFinished(() => freshness.stop());
  return startApi({ store, feed, asOf: () => freshness.asOf() });
}

async function applyIfEvent(store: PresenceStore, message: ReceivedMessage): Promise<void> {
  const event = decodeEvent(message);
  if (event.type !== 'unrecognized') await store.apply([event]);
}

/** What can be asked by a GET whose path has this part. */
function pathsOf(part: string, device: string): readonly string[] {
  const paths = Object.entries(openApi.paths as Readonly<Record<string, { readonly get?: object }>>);
  return paths
    .filter(([path, { get }]) => get && path.includes(part) && !path.endsWith('/watch'))
    .map(([path]) => path.replace('{tenant}', 'acme').replace('{device}', device))
    .map((path) => (path.endsWith('/at') ? `${path}?time=2026-11-28T11:59:59Z` : path))
    .map((path) => (/\/(?:devices|endings|history)$/.test(path) ? `${path}?limit=1000` : path));
}

/** A message of the network about a connection of this device that began an hour ago. */
function messageOf(device: string, cause: string, data: object): ReceivedMessage {
  const time = (minutesBefore: number): string =>
    new Date(Date.parse('2026-11-28T12:00:00Z') - minutesBefore * 60_000).toISOString();
  const facts = {
    ...{ 'event-id': `${cause} ${device}`, 'connection-id': connectionId(1), epoch: '019ac9f1f8800000' },
    at: time(cause === 'connected' ? 60 : 30),
    ...{ 'connected-at': time(60), 'last-seen': time(30), 'uncertainty-ms': 1, reason: 'client-closed' },
    ...{ initiator: 'device', clean: true, basis: { kind: 'session', 'detect-within-ms': 90_000 } },
    ...{ 'adapter-id': device, 'adapter-instance': 'i', protocol: 'MQTT 5.0', slot: 's' },
  };
  const body = { cause, source: 'hono-mqtt', 'remote-id': 'r', data: { ...facts, ...data } };
  return {
    contentType: 'application/vnd.eclipse-hono-dc-notification+json',
    annotations: { tenant_id: 'acme' },
    applicationProperties: { device_id: device, rollcall_announcement: cause === 'connected' },
    body: Buffer.from(JSON.stringify(body)),
  };
}

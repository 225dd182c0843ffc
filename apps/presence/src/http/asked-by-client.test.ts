import { presence } from '@rollcall/client/presence';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';

async function listOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('the client of the service reads counts and lists', async () => {
  const { url, store, clock } = await startApi();
  const at = (clock.now() - 60_000) as Timestamp;
  const gone = connected({ connectionId: connectionId(1), at });
  await store.apply([
    gone,
    disconnected(gone, { at: (at + 1_000) as Timestamp }),
    connected({ device: deviceRef('umbrella', 'valve-1'), connectionId: connectionId(2), at }),
  ]);
  const service = presence({ url });
  expect(await listOf(service.tenants())).toEqual(['acme', 'umbrella']);
  const { devices } = await service.summary('acme', { flapsPerHour: 1 });
  expect([devices.get('offline'), devices.get('online')]).toEqual([1, 0]);
  const { points, endings } = await service.timeline('acme', {
    from: new Date(at),
    to: new Date(at + 120_000),
    stepS: 60,
  });
  expect(points.map(({ online }) => online)).toEqual([2, 1, 1]);
  expect(endings.get('keepalive-timeout')).toBe(1);
  expect(await listOf(service.adapters({ adapter: 'mqtt-0' }))).toMatchObject([
    { id: 'mqtt-0', type: 'hono-mqtt', lastHeardAt: clock.now(), publishing: true },
  ]);
  expect(await listOf(service.adapters({ instance: 'another' }))).toEqual([]);
});

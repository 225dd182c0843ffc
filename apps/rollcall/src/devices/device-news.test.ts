import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { DeviceNews } from './device-news.ts';
import { openInTable } from '../journal/open-in-table.ts';
import { presenceLine } from './presence-line.ts';
import { ServiceTable } from './service-table.ts';

const device = deviceRef('acme', 'thermostat-7');
const since = 0 as Timestamp;

function online(connectionId: string, adapterId = 'mqtt-0'): Extract<DevicePresence, { status: 'online' }> {
  const adapter = { type: 'hono-mqtt', id: adapterId, instance: `${adapterId}-a` };
  const connection = { connectionId, epoch: '0'.repeat(16), device, adapter } as unknown as OpenConnection;
  return { status: 'online', device, since, connections: [connection] };
}

const offline: DevicePresence = { status: 'offline', device, since, ending: {} as Ending };
const silent: DevicePresence = { status: 'unknown', device, connections: online('c1').connections };

/** What `bury` finds open at an adapter, in the lines that were printed. */
function foundOpen(
  onlyOnline: boolean,
  told: readonly DevicePresence[],
  adapterId = 'mqtt-0',
): readonly string[] {
  const news = new DeviceNews(onlyOnline);
  const lines = told.filter((each) => news.isNews(each)).map((each) => presenceLine(each, true));
  return openInTable(lines.join(''), adapterId).map(({ connectionId }) => connectionId);
}

test.each([true, false])(
  'the last line of a device says which connections are open, with --online: %s',
  (onlyOnline) => {
    const told = [online('c1'), online('c2')];
    expect(foundOpen(onlyOnline, told)).toEqual(['c2']);
    expect(foundOpen(onlyOnline, [...told, offline])).toEqual([]);
    expect(foundOpen(onlyOnline, [...told, online('c2', 'mqtt-1')])).toEqual([]);
    expect(foundOpen(onlyOnline, [online('c1'), silent])).toEqual(['c1']);
    expect(foundOpen(onlyOnline, [online('c1'), offline, online('c3')])).toEqual(['c3']);
  },
);

test('nothing is printed twice, and with --online nothing of a device that was not online', () => {
  const printed = (onlyOnline: boolean, told: readonly DevicePresence[]): number => {
    const news = new DeviceNews(onlyOnline);
    return told.filter((each) => news.isNews(each)).length;
  };
  expect(printed(false, [online('c1'), online('c1'), offline, offline])).toBe(2);
  expect(printed(true, [offline, silent, offline])).toBe(0);
  expect(printed(true, [online('c1'), offline, offline])).toBe(2);
});

test('what a new snapshot of a presence service does not have is not known any more', () => {
  const table = new ServiceTable();
  const other: DevicePresence = { ...online('c9'), device: deviceRef('acme', 'valve-1') };
  expect(table.take({ type: 'reset' })).toEqual([]);
  expect(table.take({ type: 'snapshot', presence: online('c1') })).toEqual([online('c1')]);
  expect(table.take({ type: 'snapshot', presence: other })).toEqual([other]);
  expect(table.take({ type: 'snapshot-end' })).toEqual([]);
  table.take({ type: 'reset' });
  table.take({ type: 'snapshot', presence: other });
  expect([...table.all()]).toHaveLength(2);
  expect(table.take({ type: 'snapshot-end' })).toEqual([{ status: 'unknown', device, connections: [] }]);
  expect([...table.all()]).toEqual([other]);
});

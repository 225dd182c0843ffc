import { describe, expect, test } from 'vitest';
import type { Device, Ending, Status } from './answers.ts';
import { DeviceTable, maxRows } from './device-table.ts';

const connection = {
  'connection-id': 'c',
  'connected-at': '2026-11-28T11:00:00.000Z',
  protocol: 'MQTT 5.0',
  basis: { kind: 'session', 'detect-within-ms': 90_000 },
  adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'i' },
  'remote-id': 'r',
} as const;

const ending: Ending = {
  ...connection,
  protocol: 'HTTP/1.1',
  at: '2026-11-28T11:30:00.000Z',
  'left-between': { from: '2026-11-28T11:29:15.000Z', to: '2026-11-28T11:30:00.000Z' },
  'uncertainty-ms': 45_000,
  reason: 'inactive',
  initiator: 'adapter',
  clean: false,
};

function device(name: string, status: Status = 'online', since = '2026-11-28T11:00:00.000Z'): Device {
  return {
    tenant: 't',
    device: name,
    status,
    ...(status !== 'unknown' && { since }),
    connections: status === 'offline' ? [] : [connection],
    ...(status === 'offline' && { 'last-ending': ending }),
  };
}

const names = (table: DeviceTable, filter: object = {}): readonly string[] =>
  table.select({ order: 'name', ...filter }).map((row) => row.device);

describe('a table of devices', () => {
  test('is filtered by all that the list shows', () => {
    const table = new DeviceTable();
    table.set([
      device('Pump-2'),
      device('pump-1', 'offline', '2026-11-28T11:30:00Z'),
      device('valve', 'unknown'),
    ]);
    expect(names(table)).toEqual(['Pump-2', 'pump-1', 'valve']);
    expect(names(table, { search: 'PUMP' })).toEqual(['Pump-2', 'pump-1']);
    expect(names(table, { status: 'offline' })).toEqual(['pump-1']);
    expect(names(table, { protocol: 'HTTP/1.1' })).toEqual(['pump-1']);
    expect(names(table, { reason: 'inactive' })).toEqual(['pump-1']);
    expect(names(table, { sinceMs: Date.parse('2026-11-28T11:15:00Z') })).toEqual(['pump-1']);
    expect(names(table, { order: 'latest' })).toEqual(['pump-1', 'Pump-2', 'valve']);
    expect(table.counts()).toEqual({ online: 1, offline: 1, unknown: 1 });
    expect([table.names('protocol'), table.names('reason')]).toEqual([
      ['HTTP/1.1', 'MQTT 5.0'],
      ['inactive'],
    ]);
  });

  test('counts, and names what there is, as it is after each change', () => {
    const table = new DeviceTable();
    const state = (): object => [table.counts(), table.names('protocol'), table.names('reason')];
    table.set([device('one'), device('other', 'offline'), device('one', 'offline')]);
    expect(state()).toEqual([{ online: 0, offline: 2, unknown: 0 }, ['HTTP/1.1'], ['inactive']]);
    table.set([device('one'), device('one')]);
    expect(state()).toEqual([{ online: 1, offline: 1, unknown: 0 }, ['HTTP/1.1', 'MQTT 5.0'], ['inactive']]);
    const { 'last-ending': _ending, ...forgotten } = { ...device('other', 'unknown'), connections: [] };
    table.set([forgotten, forgotten]);
    expect(state()).toEqual([{ online: 1, offline: 0, unknown: 0 }, ['MQTT 5.0'], []]);
    table.beginSnapshot();
    table.endSnapshot();
    expect(state()).toEqual([{ online: 0, offline: 0, unknown: 0 }, [], []]);
  });

  test('has a reason for those that are offline alone', () => {
    const table = new DeviceTable();
    table.set([{ ...device('a'), 'last-ending': ending }]);
    expect(table.select({ order: 'name' })[0]).toMatchObject({ protocol: 'MQTT 5.0', status: 'online' });
    expect(names(table, { reason: 'inactive' })).toEqual([]);
  });

  test('forgets what a new snapshot does not name, at its end and not before', () => {
    const table = new DeviceTable();
    table.set([device('a'), device('b')]);
    table.beginSnapshot();
    table.set([device('b'), device('c')]);
    expect(names(table)).toEqual(['a', 'b', 'c']);
    table.endSnapshot();
    expect(names(table)).toEqual(['b', 'c']);
  });

  test('forgets a device of which the service knows nothing any more', () => {
    const table = new DeviceTable();
    table.set([device('a'), device('b')]);
    table.set([{ tenant: 't', device: 'a', status: 'unknown', connections: [] }]);
    expect(names(table)).toEqual(['b']);
  });

  test('holds so many devices and no more, and says so', () => {
    const table = new DeviceTable();
    table.set(Array.from({ length: maxRows + 5 }, (_, number) => device(`d-${number}`)));
    expect([table.size, table.isCut]).toEqual([maxRows, true]);
    table.set([device('d-0', 'offline')]);
    expect(table.counts()).toMatchObject({ offline: 1 });
  });
});

import { nastyStrings } from '@rollcall/conformance/hostile';
import { isPrintable } from '@rollcall/core/text';
import { expect, test } from 'vitest';
import { openInTable } from './open-in-table.ts';

const connection = (connectionId: string, id: string) => ({
  connectionId,
  epoch: '01a2076b44000001',
  device: { tenant: 'acme', device: 'd1' },
  adapter: { type: 'hono-mqtt', id, instance: 'i' },
  remoteId: 'c',
  at: 1_767_268_800_000,
  basis: { kind: 'session', detectWithinMs: null },
  protocol: 'MQTT 5.0',
});
const line = (device: string, rest: object) => JSON.stringify({ tenant: 'acme', device, ...rest });

test('openInTable() returns the connections of the adapter that the last line of each device has open', () => {
  const lines = [
    line('d1', { status: 'online', since: 1, connections: [connection('a', 'lost')] }),
    line('d1', { status: 'offline', since: 2, ending: {} }),
    line('d2', {
      status: 'online',
      since: 1,
      connections: [connection('b', 'lost'), connection('c', 'alive')],
    }),
    line('d3', { status: 'unknown', connections: [connection('d', 'lost')] }),
    '',
  ].join('\n');
  expect(openInTable(lines, 'lost').map(({ type, connectionId }) => [type, connectionId])).toEqual([
    ['connected', 'b'],
    ['connected', 'd'],
  ]);
  expect(openInTable('', 'lost')).toEqual([]);
});

test.each(Object.entries(nastyStrings).filter(([, text]) => !isPrintable(text)))(
  'openInTable() refuses a table with %s in a name',
  (_what, text) => {
    for (const facts of [
      { device: { tenant: text, device: 'd1' } },
      { device: { tenant: 'acme', device: text } },
      { connectionId: text },
      { epoch: text },
      { adapter: { type: text, id: 'lost', instance: 'i' } },
    ]) {
      const connections = [{ ...connection('a', 'lost'), ...facts }];
      const lines = line('d1', { status: 'online', since: 1, connections });
      expect(() => openInTable(lines, 'lost'), JSON.stringify(facts)).toThrow('cannot be shown');
      expect(openInTable(lines, 'alive')).toEqual([]);
    }
  },
);

test.each([['{'], ['7'], ['null'], ['{"tenant":"acme","device":"d1"}']])(
  'the line %s, which no devices --json printed, is named in an error',
  (bad) => {
    const good = line('d1', { status: 'offline' });
    expect(() => openInTable(`${good}\n${bad}\n`, 'lost')).toThrow('line 2');
  },
);

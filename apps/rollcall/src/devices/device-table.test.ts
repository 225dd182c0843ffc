import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { deviceTable } from './device-table.ts';

const at = (time: string): Timestamp => Date.parse(time) as Timestamp;
const screen = { columns: 200, rows: 20, colours: false };

function online(device: string, protocols: readonly string[]): DevicePresence {
  const connections = protocols.map(
    (protocol) =>
      ({ protocol, basis: { kind: 'session', detectWithinMs: 90_000 } }) as unknown as OpenConnection,
  );
  return {
    status: 'online',
    device: deviceRef('acme', device),
    since: at('2026-01-01T12:00:00Z'),
    connections,
  };
}

const left: DevicePresence = {
  status: 'offline',
  device: deviceRef('acme', 'valve-1'),
  since: at('2026-01-01T12:10:00Z'),
  ending: {
    protocol: 'HTTP/1.1',
    reason: 'inactive',
    at: at('2026-01-01T12:10:00Z'),
    lastSeen: at('2026-01-01T12:00:00Z'),
    uncertaintyMs: 600_000,
  } as Ending,
};

test('the table lists devices by name, with what is known of each', () => {
  expect(deviceTable([left, online('thermostat-7', ['MQTT 5.0', 'HTTP/1.1'])], screen).split('\n')).toEqual([
    'DEVICE             STATUS   SINCE                OVER           WHY, OR HOW IT IS KNOWN',
    'acme/thermostat-7  online   2026-01-01 12:00:00  MQTT 5.0 (+1)  session, silence noticed within 90 s',
    'acme/valve-1       offline  2026-01-01 12:10:00  HTTP/1.1       inactive, last seen 600 s before',
  ]);
});

test('the table says why nothing is known of a device', () => {
  const device = deviceRef('acme', 'valve-2');
  const silent: DevicePresence = { status: 'unknown', device, connections: [] };
  const said = { type: 'hono', cause: 'connected', device, remoteId: 'x', source: 'hono-amqp' } as const;
  expect(deviceTable([silent], screen)).toContain('its adapter tells nothing of it any more');
  expect(deviceTable([{ ...silent, said }], screen)).toContain(
    'seen over an adapter without connection ids: hono-amqp last said connected',
  );
});

test('the table is not wider and not higher than the screen', () => {
  const many = Array.from({ length: 100 }, (_, index) => online(`device-${index}`, ['MQTT 5.0']));
  const lines = deviceTable(many, { columns: 30, rows: 10, colours: false }).split('\n');
  expect(lines).toHaveLength(9);
  expect(Math.max(...lines.map((line) => line.length))).toBe(30);
  expect(lines.at(-1)).toBe('… and 93 more');
});

test('the table escapes names that would move the cursor', () => {
  expect(deviceTable([online('\u001B[2Jx', ['a\u0007b'])], screen)).toContain(
    String.raw`acme/\u{1b}[2Jx  online  2026-01-01 12:00:00  a\u{7}b`,
  );
});

test('the table colours the status when it may', () => {
  expect(deviceTable([left], { ...screen, colours: true })).toContain('\u001B[31moffline\u001B[39m');
});

test('the table shows every column in a terminal of 80 characters', () => {
  const name = 'a-device-with-a-name-of-forty-characters';
  const lines = deviceTable([left, online(name, ['MQTT 3.1.1'])], { ...screen, columns: 80 }).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines[1]).toMatch(
    /^acme\/a-dev.*haracters {2}online {3}12:00:00 {2}MQTT 3\.1\.1 {2}silence <= 90 s$/,
  );
  expect(lines[2]).toMatch(/offline {2}12:10:00 {2}HTTP\/1\.1 {4}inactive, seen 600 s before$/);
});

import type { Timestamp } from '@rollcall/core';
import type { FleetInstance, FleetOverview } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import { fleetText } from './fleet-text.ts';

const at = (time: string): Timestamp => Date.parse(`2026-01-01T${time}Z`) as Timestamp;
const living = (id: string, connections: number, silentMs = 400): FleetInstance => ({
  identity: { type: 'mqtt', id, instance: 'i' },
  state: 'living',
  connections,
  silentMs,
});
const dead = (
  id: string,
  connections: number,
  endings: 'owed' | 'inherited' | 'settled',
  declared = '12:00:10',
): FleetInstance => ({
  identity: { type: 'amqp', id, instance: 'i' },
  state: 'dead',
  connections,
  endings,
  aliveAt: at('12:00:00'),
  declaredAt: at(declared),
});
const engine = { description: 'Redis 7.0.15, standalone', answerMs: 0.4, evictionPolicy: 'noeviction' };
const overview: FleetOverview = {
  engine: { ...engine, memoryBytes: 13_000_000 },
  instances: [
    dead('amqp-9', 0, 'settled', '11:00:10'),
    dead('amqp-2', 3, 'inherited'),
    living('mqtt-1', 20, 12_345),
    dead('amqp-0', 0, 'settled'),
    dead('amqp-1', 188, 'owed', '12:00:11'),
    living('mqtt-0', 1),
  ],
};
const lines = (text: string): readonly string[] => text.split('\n');

test('a fleet is its engine, its sum, and its instances: who lives first, then who is owed something, then the latest', () => {
  expect(lines(fleetText(overview, { width: Number.POSITIVE_INFINITY, deadAfterMs: 13_000 }))).toEqual([
    'Redis 7.0.15, standalone: answers in 1 ms, holds 12.4 MB',
    '2 instances with 21 open connections; 4 dead, 191 endings owed',
    '',
    'ADAPTER  TYPE  STATE   OPEN  OWED  LAST SIGN OF LIFE',
    'mqtt-0   mqtt  living  1           0.4 s ago',
    'mqtt-1   mqtt  living  20          12 s ago',
    'amqp-1   amqp  dead          188   2026-01-01 12:00:00, endings are being told',
    'amqp-2   amqp  dead          3     2026-01-01 12:00:00, its next run tells',
    'amqp-0   amqp  dead          0     2026-01-01 12:00:00, all told',
    'amqp-9   amqp  dead          0     2026-01-01 12:00:00, all told',
    '',
  ]);
});

test('a table fits the terminal: names of adapters are cut in the middle, dates are left out', () => {
  const long = living(`mqtt-adapter-${'x'.repeat(60)}-0`, 1);
  const shown = lines(
    fleetText({ ...overview, instances: [long, ...overview.instances] }, { width: 80, deadAfterMs: 10_000 }),
  );
  expect(shown.filter((line) => line.length > 80)).toEqual([]);
  expect(shown.find((line) => line.startsWith('amqp-1'))).toMatch(/12:00:00, being told$/);
  expect(shown.find((line) => line.includes('…'))).toMatch(
    /^mqtt-adapt.+…x+-0 +mqtt +living +1 +0\.4 s ago$/,
  );
});

test('an instance without a sign of life, which was not declared dead, is not shown as living', () => {
  const instances = [living('mqtt-1', 20, 10_001), dead('amqp-1', 188, 'owed'), living('mqtt-2', 1, 10_000)];
  const text = fleetText({ engine, instances }, { width: 80, deadAfterMs: 10_000 });
  expect(lines(text).slice(1, 7)).toEqual([
    '1 instance with 1 open connection; 1 dead, 188 endings owed',
    '1 silent instance had 20 open connections when last heard',
    '',
    'ADAPTER  TYPE  STATE   OPEN  OWED  LAST SIGN OF LIFE',
    'mqtt-2   mqtt  living  1           10 s ago',
    'mqtt-1   mqtt  silent  20          10 s ago',
  ]);
});

test('an engine that may drop what it was told is named; a fleet without instances has no table', () => {
  const evicting = { ...engine, evictionPolicy: 'allkeys-lru' };
  expect(lines(fleetText({ engine: evicting, instances: [] }, { width: 80, deadAfterMs: 10_000 }))).toEqual([
    'Redis 7.0.15, standalone: answers in 1 ms',
    'maxmemory-policy is allkeys-lru: it must be noeviction, or what it was told is lost',
    '0 instances with 0 open connections',
    '',
  ]);
});

test('names that others chose do no harm in a terminal', () => {
  const nasty = living('a\u001B[31m\nb\u202E', 0);
  const text = fleetText({ engine, instances: [nasty] }, { width: 80, deadAfterMs: 10_000 });
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u001B\u202E]/);
  expect(lines(text)).toHaveLength(6);
});

import type { DeviceEnding } from '@rollcall/client/presence';
import { anEvent } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { endingLine } from './ending-line.ts';

const begin = anEvent('e');
const one: DeviceEnding = {
  device: begin.device,
  status: 'online',
  ending: {
    ...begin,
    connectedAt: begin.at,
    at: (begin.at + 60_000) as Timestamp,
    lastSeen: (begin.at + 15_000) as Timestamp,
    uncertaintyMs: 45_000,
    reason: 'keepalive-timeout',
    initiator: 'network',
    clean: false,
  },
};

test('who left, when, over what, why and how sure, and what it is now', () => {
  expect(endingLine(one, false)).toBe(
    '2026-11-23 08:01:00  acme/thermostat-7  MQTT 5.0  keepalive-timeout, last seen 45 s before  now online\n',
  );
});

test('the same for programs', () => {
  expect(JSON.parse(endingLine(one, true))).toMatchObject({
    ...{ tenant: 'acme', device: 'thermostat-7', status: 'online', reason: 'keepalive-timeout' },
    uncertaintyMs: 45_000,
  });
});

test('text of others cannot steer the terminal', () => {
  const ending = { ...one.ending, reason: 'a\u001b[2J', protocol: 'b\n' };
  const line = endingLine({ ...one, ending }, false);
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}]/u);
});

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { seriesOf } from '../testing/series-of.ts';
import { createFailureMetrics } from './failure-metrics.ts';

test('causes of connections that had to give way are there from the start, failures once there is one', async () => {
  const registry = new Registry();
  const { failed, turnedAway } = createFailureMetrics(registry);
  expect(await seriesOf(registry)).toEqual(
    ['pending', 'handshake', 'idle', 'health']
      .map((cause) => `rollcall_connections_turned_away_total{cause="${cause}"} 0`)
      .map((line) => expect.stringMatching(line.replace(/cause="\w+"/, 'cause="\\w+"')) as unknown),
  );
  failed('mqtt', new Error('boom'));
  turnedAway('handshake', '192.0.2.1');
  turnedAway('handshake', '192.0.2.2');
  const lines = await seriesOf(registry);
  expect(lines).toContain('rollcall_failures_contained_total{where="mqtt"} 1');
  expect(lines).toContain('rollcall_connections_turned_away_total{cause="handshake"} 2');
  expect(lines.join('\n'), 'an address would be a label for ever').not.toContain('192.0.2');
});

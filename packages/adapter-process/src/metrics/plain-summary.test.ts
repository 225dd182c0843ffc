import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { seriesOf } from '../testing/series-of.ts';
import { createPlainSummary } from './plain-summary.ts';

test('a summary has sum and count for each set of labels, and no quantiles', async () => {
  const registry = new Registry();
  const { observe } = createPlainSummary(registry, {
    name: 'x_bytes',
    help: 'x',
    labelNames: ['tenant', 'qos'],
  });
  observe(['acme', '0'], 4);
  observe(['acme', '0'], 6);
  observe(['umbrella', '1'], 1);
  expect(await seriesOf(registry)).toEqual([
    'x_bytes_sum{tenant="acme",qos="0"} 10',
    'x_bytes_count{tenant="acme",qos="0"} 2',
    'x_bytes_sum{tenant="umbrella",qos="1"} 1',
    'x_bytes_count{tenant="umbrella",qos="1"} 1',
  ]);
  expect(await registry.metrics()).toContain('# TYPE x_bytes summary');
});

test('a summary begins again when its registry is reset', async () => {
  const registry = new Registry();
  const { observe } = createPlainSummary(registry, { name: 'x_bytes', help: 'x', labelNames: ['tenant'] });
  observe(['acme'], 4);
  registry.resetMetrics();
  expect(await seriesOf(registry)).toEqual([]);
  observe(['acme'], 1);
  expect(await seriesOf(registry)).toContain('x_bytes_count{tenant="acme"} 1');
});

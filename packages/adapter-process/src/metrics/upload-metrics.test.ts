import { deviceRef } from '@rollcall/core';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { seriesOf } from '../testing/series-of.ts';
import { createUploadMetrics } from './upload-metrics.ts';

type Uploaded = ReturnType<typeof createUploadMetrics>['uploaded'];

/** The labels of one upload, as the payload has them. */
async function labelsOf(upload: {
  readonly by?: string;
  readonly target?: string;
  readonly status?: number;
}): Promise<string | undefined> {
  const registry = new Registry();
  const { uploaded } = createUploadMetrics(registry);
  const { by, target, status } = upload;
  uploaded({
    request: {
      endpoint: 'telemetry',
      qos: 0,
      origAddress: 't',
      payload: Buffer.from('21.5'),
      ...(by !== undefined && { by: { device: deviceRef(by, 'd1') } }),
      ...(target !== undefined && { target: deviceRef(target, 'd1') }),
    },
    result:
      status === undefined ? { status: 'accepted' } : { status: 'failed', failure: { status, text: '' } },
    durationMs: 20,
  } as unknown as Parameters<Uploaded>[0]);
  const lines = await seriesOf(registry);
  expect(lines).toHaveLength(4);
  expect(lines.filter((line) => line.includes('_seconds_sum'))).toEqual([
    expect.stringMatching(/qos="0"\} 0.02$/),
  ]);
  return /^hono_telemetry_payload_bytes_sum\{(.*)\} 4$/m.exec(lines.join('\n'))?.[1];
}

test.each([
  ['that was accepted', { by: 'acme' }, 'tenant="acme",type="telemetry",status="forwarded"'],
  [
    'that the device may not make',
    { by: 'acme', status: 403 },
    'tenant="acme",type="telemetry",status="unprocessable"',
  ],
  [
    'that the network did not take',
    { by: 'acme', status: 503 },
    'tenant="acme",type="telemetry",status="undeliverable"',
  ],
  [
    'without authentication, of a device that exists',
    { target: 'acme' },
    'tenant="acme",type="telemetry",status="forwarded"',
  ],
  [
    'without authentication, of one that was made up',
    { target: 'made-up', status: 404 },
    'tenant="UNKNOWN",type="telemetry",status="unprocessable"',
  ],
])('an upload %s has its labels', async (_what, upload, labels) => {
  expect(await labelsOf(upload)).toBe(labels);
});

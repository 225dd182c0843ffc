import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stageForDevices, type ForeignDevices } from '../foreign-devices.ts';
import { fromPypi } from '../from-pypi.ts';
import { hasPackage } from '../support.ts';

// A device on aiocoap, with TinyDTLS: uploads over DTLS with a shared key, and a lease on the real clock.

const script = fileURLToPath(new URL('coap_device.py', import.meta.url));
const key = 'shared-secret';
const registry = {
  tenants: [
    {
      'tenant-id': 'acme',
      devices: ['first', 'second'].map((id) => ({
        'device-id': id,
        credentials: [
          { type: 'psk', 'auth-id': id, secrets: [{ key: Buffer.from(key).toString('base64') }] },
        ],
      })),
    },
    { 'tenant-id': 'umbrella' },
  ],
};
const python = hasPackage('python3-qpid-proton')
  ? fromPypi('aiocoap-0.4.17', ['aiocoap==0.4.17', 'DTLSSocket==0.2.3'])
  : undefined;

describe.runIf(python !== undefined)('a device on aiocoap', () => {
  let devices: ForeignDevices;

  beforeAll(async () => {
    devices = await stageForDevices({ protocol: 'coap', devices: 0, registry });
  });
  afterAll(() => devices.close());

  const device = (name: string, secret: string, ...paths: readonly string[]): Promise<readonly string[]> =>
    devices.run(join(python ?? '', 'bin/python'), [
      script,
      ...[String(devices.stage.port), `${name}@acme`, secret, ...paths],
    ]);

  test('uploads telemetry and an event, hears what there is not, and leaves', async () => {
    expect(await device('first', key, 'telemetry', 'event', 'nowhere')).toEqual(['2.04', '2.04', '4.04']);
    expect(await devices.uploads(1, 1)).toEqual(['xxx', 'xxx']);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
    expect(devices.record.events[0]).toMatchObject({ device: { device: 'first' }, remoteId: 'first' });
  });

  test('with another key gets no answer, and has no event', async () => {
    expect(await device('second', 'guess', 'event')).toEqual(['silence']);
    expect(await device('first', key, 'event')).toEqual(['2.04']);
    await devices.connections(2);
    expect(devices.record.events.map(({ device: { device: id } }) => id)).not.toContain('second');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { keepRecord, type EventRecord } from '../../faults/support/record.ts';
import { setStage, type Stage } from '../../faults/support/stage.ts';
import { fromMaven } from '../networks/from-maven.ts';
import { startProtonConsumer } from '../proton-consumer.ts';
import { hasPackage, trustAnchorOf } from '../support.ts';
import { relayTo } from '../udp-relay.ts';
import {
  californiumDelivery,
  californiumDevice,
  type CaliforniumDeviceOptions,
} from './californium-device.ts';

// Eclipse Californium, whose DTLS is its own as well, as a CoAP device: connection ids, a NAT, sessions that are resumed.

const key = 'hono-secret';
const psk = ['psk', 'sensor1@acme', key] as const;
const ccm8 = 'TLS_PSK_WITH_AES_128_CCM_8';
const suites = [
  'TLS_PSK_WITH_AES_128_CCM_8',
  'TLS_PSK_WITH_AES_128_CCM',
  'TLS_PSK_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256',
  'TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256',
  'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CCM',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
];
/** A device for each: one that closes and comes back, again and again, is one that sleeps, and its close_notify ends no lease. */
const ofSuite = (cipherSuite: string): string => `sensor-of-${cipherSuite}`;
/** What the adapter has a device put into its records, where both want connection ids. */
const givenBytes = 6;
const authority = createCertificateAuthority('CN=ca,O=acme');

const registry = {
  tenants: [
    {
      'tenant-id': 'acme',
      'trusted-ca': [trustAnchorOf(authority)],
      devices: ['sensor1', 'moved', 'uploader', 'guesser', ...suites.map(ofSuite)].map((id) => ({
        'device-id': id,
        credentials: [
          { type: 'psk', 'auth-id': id, secrets: [{ key: Buffer.from(key).toString('base64') }] },
          { type: 'x509-cert', 'auth-id': `CN=${id},O=acme`, secrets: [{}] },
        ],
      })),
    },
    { 'tenant-id': 'umbrella' },
  ],
};

const libraries = fromMaven(californiumDelivery);

describe.runIf(libraries !== undefined)('Eclipse Californium', () => {
  let directory: string;
  let stage: Stage;
  let record: EventRecord;
  let seen = 0;
  const cleanups: (() => void)[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-californium-'));
    const server = authority.issue({ subject: 'CN=localhost' });
    stage = setStage({
      protocol: 'coap',
      devices: 0,
      registry,
      environment: {
        ROLLCALL_COAP_KEYPATH: file('server-key.pem', server.key),
        ROLLCALL_COAP_CERTPATH: file('server-cert.pem', server.cert),
      },
    });
    for (const suite of suites) {
      const own = authority.issue({ subject: `CN=${ofSuite(suite)},O=acme` });
      file(`${suite}.pem`, `${own.key}${own.cert}`);
    }
    file('ca.pem', authority.cert);
    await stage.network.start();
    await stage.adapter.start();
    record = await keepRecord(stage.networkUrl);
  });
  afterEach(() => {
    for (const cleanUp of cleanups.splice(0)) cleanUp();
  });
  afterAll(async () => {
    await record.close();
    await stage.strike();
    rmSync(directory, { recursive: true, force: true });
  });

  function file(name: string, text: string): string {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  }

  function device(options: Partial<CaliforniumDeviceOptions>) {
    const made = californiumDevice({
      directory: libraries ?? '',
      port: stage.port,
      cipherSuite: ccm8,
      credentials: psk,
      ...options,
    });
    cleanups.push(() => made.kill());
    return made;
  }

  /** The events since the last call, in words, once there are `count`; they must be of one connection. */
  async function oneConnection(count: number): Promise<readonly string[]> {
    await eventuallyNone(() =>
      record.events.length < seen + count ? [`${record.events.length - seen} of ${count} events`] : [],
    );
    const fresh = record.events.slice(seen);
    seen += fresh.length;
    expect(new Set(fresh.map(({ connectionId }) => connectionId)).size).toBe(1);
    return fresh.map((event) => (event.type === 'connected' ? event.type : event.reason));
  }

  test.runIf(hasPackage('python3-qpid-proton'))(
    'uploads telemetry and an event, which arrive, and leaves',
    async () => {
      const consumer = await startProtonConsumer({ url: stage.networkUrl, address: 'telemetry/acme' });
      cleanups.push(() => void consumer.close());
      const sensor = device({ credentials: ['psk', 'uploader@acme', key] });
      expect(await sensor.telemetry()).toMatch(/^2\.04 /);
      expect(await sensor.post()).toMatch(/^2\.04 /);
      sensor.leave();
      await eventuallyNone(() =>
        consumer.messages.some(({ body }) => body === '21.5') ? [] : ['telemetry'],
      );
      expect(await oneConnection(2)).toEqual(['connected', 'client-closed']);
    },
  );

  test('with another key gets no answer, and has no event', async () => {
    expect(await device({ credentials: ['psk', 'guesser@acme', 'guess'] }).post()).toMatch(/^silence/);
    const guesses = record.events.filter(({ device: { device: id } }) => id === 'guesser');
    expect(guesses).toEqual([]);
  });

  test.each([
    ['only it is given a connection id', 0],
    ['each gives the other one', 6],
  ])('goes on as before behind a NAT that gives it another port (%s)', async (_, connectionIdBytes) => {
    const relay = await relayTo(stage.port);
    cleanups.push(() => relay.close());
    const sensor = device({ port: relay.port, connectionIdBytes });
    expect(await sensor.post()).toBe(`2.04 full ${ccm8} ${givenBytes}`);
    await relay.rebind();
    expect(await sensor.post()).toBe(`2.04 full ${ccm8} ${givenBytes}`);
    await relay.rebind();
    expect(await sensor.post()).toBe(`2.04 full ${ccm8} ${givenBytes}`);
    sensor.leave();
    expect(await oneConnection(2)).toEqual(['connected', 'client-closed']);
  });

  test('is not heard at another port without a Connection ID, and resumes its session', async () => {
    const relay = await relayTo(stage.port);
    cleanups.push(() => relay.close());
    const sensor = device({ port: relay.port, credentials: ['psk', 'moved@acme', key] });
    expect(await sensor.post()).toBe(`2.04 full ${ccm8} 0`);
    await relay.rebind();
    expect(await sensor.post()).toBe('silence full');
    sensor.resume();
    expect(await sensor.post()).toBe(`2.04 full,resumed ${ccm8} 0`);
    // One lease on two associations, of which no device has the first any more.
    expect(await oneConnection(1)).toEqual(['connected']);
  });

  test.each(suites)('shakes hands with %s, and again in a resumed session', async (cipherSuite) => {
    const sensor = device({
      cipherSuite,
      connectionIdBytes: 4,
      credentials: cipherSuite.includes('PSK')
        ? ['psk', `${ofSuite(cipherSuite)}@acme`, key]
        : ['certificate', join(directory, `${cipherSuite}.pem`), join(directory, 'ca.pem')],
    });
    expect(await sensor.post()).toBe(`2.04 full ${cipherSuite} ${givenBytes}`);
    sensor.resume();
    expect(await sensor.post()).toBe(`2.04 full,resumed ${cipherSuite} ${givenBytes}`);
    sensor.leave();
    expect(await oneConnection(2)).toEqual(['connected', 'client-closed']);
  });
});

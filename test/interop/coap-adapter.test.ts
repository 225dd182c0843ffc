import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventuallyNone } from '../faults/support/eventually.ts';
import { keepRecord, type EventRecord } from '../faults/support/record.ts';
import { setStage, type Stage } from '../faults/support/stage.ts';
import { hasPackage, trustAnchorOf } from './support.ts';
import { relayTo } from './udp-relay.ts';

// libcoap's clients, built with OpenSSL and with GnuTLS, as CoAP devices: leases and probes on the real clock.

const key = 'hono-secret';
const intervalMs = 3_000;

interface DeviceFacts {
  readonly id: string;
  /** In seconds. */
  readonly interval?: number;
  readonly probe?: boolean;
}

const authority = createCertificateAuthority('CN=ca,O=acme');

const libraries = ['openssl', 'gnutls'];
/** Each closes its association once: one that closes and comes back, again and again, is one that sleeps. */
const erring = (library: string): readonly string[] => [1, 2, 3, 4].map((nth) => `erring-${library}-${nth}`);
const closing = libraries.flatMap((library) => [
  `closing-${library}`,
  `blocks-${library}`,
  ...erring(library),
]);

const registry = {
  tenants: [
    {
      'tenant-id': 'acme',
      'trusted-ca': [trustAnchorOf(authority)],
      devices: (
        [
          { id: 'declared', interval: intervalMs / 1_000 },
          { id: 'undeclared' },
          ...closing.map((id) => ({ id })),
          { id: 'probed', interval: intervalMs / 1_000, probe: true },
          { id: 'restarted', interval: 600 },
        ] satisfies DeviceFacts[]
      ).map(({ id, interval, probe }: DeviceFacts) => ({
        'device-id': id,
        ext: {
          ...(interval !== undefined && { 'presence-interval': interval }),
          ...(probe !== undefined && { 'presence-probe': probe }),
        },
        credentials: [
          { type: 'psk', 'auth-id': id, secrets: [{ key: Buffer.from(key).toString('base64') }] },
          { type: 'x509-cert', 'auth-id': `CN=${id},O=acme`, secrets: [{}] },
        ],
      })),
    },
    { 'tenant-id': 'umbrella' },
  ],
};

describe.runIf(hasPackage('libcoap3-bin'))('libcoap', () => {
  let directory: string;
  let stage: Stage;
  let record: EventRecord;
  let seen = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-coap-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const server = authority.issue({ subject: 'CN=localhost' });
    const device = authority.issue({ subject: 'CN=undeclared,O=acme' });
    file('device-cert.pem', device.cert);
    file('device-key.pem', device.key);
    file('ca.pem', authority.cert);
    stage = setStage({
      protocol: 'coap',
      devices: 0,
      registry,
      environment: {
        ROLLCALL_COAP_KEYPATH: file('server-key.pem', server.key),
        ROLLCALL_COAP_CERTPATH: file('server-cert.pem', server.cert),
        // A probe takes 3 s, and not a minute and a half.
        ROLLCALL_COAP_ACKTIMEOUT: '100',
      },
    });
    await stage.network.start();
    await stage.adapter.start();
    record = await keepRecord(stage.networkUrl);
  });
  afterAll(async () => {
    await record.close();
    await stage.strike();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The events since the last call, once there are `count`, in words; and the events. */
  async function next(count: number) {
    await eventuallyNone(() =>
      record.events.length < seen + count ? [`${record.events.length - seen} of ${count} events`] : [],
    );
    const fresh = record.events.slice(seen);
    seen += fresh.length;
    return fresh;
  }
  const causes = (events: Awaited<ReturnType<typeof next>>): readonly string[] =>
    events.map(
      (event) => `${event.device.device} ${event.type === 'connected' ? 'connected' : event.reason}`,
    );

  describe.each(libraries)('with %s', (library) => {
    const client = `coap-client-${library}`;
    const psk = (id: string, secret = key): readonly string[] => ['-u', `${id}@acme`, '-k', secret];

    /** What a device that posts gets to read; nothing for 2.04. */
    function post(path: string, args: readonly string[], port = stage.port): string {
      const { stdout, stderr } = spawnSync(
        client,
        ['-m', 'post', '-B', '5', ...args, `coaps://127.0.0.1:${port}/${path}`],
        { encoding: 'utf8' },
      );
      return `${stdout}${stderr}`.trim();
    }

    test('is connected with one request, and inactive when the declared interval of silence is over', async () => {
      expect(post('event', [...psk('declared'), '-t', '50', '-e', '{"temp": 21.5}'])).toBe('');
      const [granted, ended] = await next(2);
      expect(granted).toMatchObject({
        type: 'connected',
        remoteId: 'declared',
        protocol: 'CoAP/DTLS 1.2',
        basis: { kind: 'lease', intervalMs, from: 'declared' },
      });
      // Its close_notify said nothing: the next request is due within the interval.
      expect(ended).toMatchObject({ reason: 'inactive', connectionId: granted?.connectionId });
      expect(ended).toHaveProperty('uncertaintyMs');
      expect((ended as { readonly uncertaintyMs: number }).uncertaintyMs).toBeGreaterThanOrEqual(intervalMs);
    });

    test('leaves as client-closed with close_notify, where no interval is declared', async () => {
      const id = `closing-${library}`;
      expect(post('event', [...psk(id), '-e', 'x'])).toBe('');
      expect(causes(await next(2))).toEqual([`${id} connected`, `${id} client-closed`]);
    });

    test('is connected with a certificate', async () => {
      const path = (name: string): string => join(directory, name);
      const certificate = ['-c', path('device-cert.pem'), '-j', path('device-key.pem'), '-C', path('ca.pem')];
      expect(post('event', [...certificate, '-e', 'x'])).toBe('');
      const events = await next(2);
      expect(causes(events)).toEqual(['undeclared connected', 'undeclared client-closed']);
      expect(events[0]).toMatchObject({ remoteId: 'CN=undeclared,O=acme' });
    });

    test('gets errors that it understands, and no connection with a wrong key', async () => {
      const device = (nth: number): readonly string[] => psk(erring(library)[nth] ?? '');
      expect(post('nowhere', [...device(0), '-e', 'x'])).toContain('4.04');
      expect(post('telemetry', [...device(1), '-e', 'x'])).toContain('5.03 no consumer available');
      expect(post('event', [...device(2), '-e', 'x', '-N'])).toContain('4.00');
      expect(post('event', [...device(3), '-e', 'x'.repeat(3_000), '-b', '256'])).toContain('4.13');
      expect(await next(8)).toHaveLength(8);
      const impatient = ['-B', '2', '-e', 'x'];
      post('event', [...psk('undeclared', 'guess'), ...impatient]);
      post('event', [...psk('nobody'), ...impatient]);
      expect(record.events.slice(seen)).toEqual([]);
    });

    test('uploads a payload in blocks, which arrives whole', async () => {
      expect(post('event', [...psk(`blocks-${library}`), '-e', 'x'.repeat(2_000), '-b', '128'])).toBe('');
      await next(2);
    });

    test('stays beyond its interval while it answers probes, and is gone once it is killed and a probe has no answer', async () => {
      const relay = await relayTo(stage.port);
      // It waits for an answer to its request, which is lost, and meanwhile does what every CoAP device does with a ping.
      let records = 0;
      relay.lose((datagram) => datagram[0] === applicationData && records++ === 0);
      const device: ChildProcess = spawn(client, [
        ...['-m', 'post', '-N', '-B', '60', ...psk('probed'), '-e', 'x'],
        `coaps://127.0.0.1:${relay.port}/telemetry?hono-ttd=0`,
      ]);
      onTestFinished(() => void device.kill('SIGKILL'));
      expect(causes(await next(1))).toEqual(['probed connected']);
      await pause(3 * intervalMs);
      expect(causes(record.events.slice(seen))).toEqual([]);
      device.kill('SIGKILL');
      await once(device, 'exit');
      const [ended] = await next(1);
      expect(ended).toMatchObject({ reason: 'probe-failed', initiator: 'adapter', clean: false });
      relay.close();
    });

    test('goes on with its lease after the adapter was killed', async () => {
      const device = [...psk('restarted'), '-e', 'x'];
      post('event', device);
      const [granted] = await next(1);
      await stage.adapter.end('SIGKILL');
      await stage.adapter.start();
      post('event', device);
      post('event?empty&hono-ttd=0', psk('restarted'));
      // What the adapter did not know to be delivered when it was killed comes again, with its id.
      const fresh = () => record.events.slice(seen).filter(({ id }) => id !== granted?.id);
      await eventuallyNone(() => (fresh().length < 1 ? ['no end'] : []));
      const ended = fresh();
      seen = record.events.length;
      expect(ended).toHaveLength(1);
      expect(ended[0]).toMatchObject({ reason: 'client-closed', connectionId: granted?.connectionId });
    });
  });
});

/** RFC 6347 §4.1. */
const applicationData = 23;

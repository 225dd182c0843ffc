import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setStage, type Stage } from '../faults/support/stage.ts';
import { freePort } from '../e2e/support/ports.ts';
import { startProtonConsumer, type ProtonConsumer } from './proton-consumer.ts';
import { hasPackages, trustAnchorOf } from './support.ts';

// The lines by which Eclipse Hono's user guides upload, as they stand there, but for ports and hosts.

/** Who uploads: with a password or key, with a certificate, without a word, or for a device behind it. */
const device = "-u 'sensor1@DEFAULT_TENANT' -P hono-secret";
const gateway = "-u 'gw@DEFAULT_TENANT' -P gw-secret";
const certificate = '--cert demo-certs/certs/device-4711-cert.pem --key demo-certs/certs/device-4711-key.pem';

interface Expected {
  readonly endpoint: 'telemetry' | 'event';
  readonly device: '4711' | '4712';
  readonly qos: 0 | 1;
  readonly ttl?: number;
  readonly ttd?: number;
}
type Line = readonly [line: string, expected: Expected];

const telemetry = (qos: 0 | 1, facts: Partial<Expected> = {}): Expected => ({
  endpoint: 'telemetry',
  device: '4711',
  qos,
  ...facts,
});
const event = (facts: Partial<Expected> = {}): Expected => ({
  endpoint: 'event',
  device: '4711',
  qos: 1,
  ...facts,
});
const other = { device: '4712' } as const;
/** The tenant lets a device wait for no more than a second. */
const waits = { ttd: 1 } as const;

const host = 'hono.eclipseprojects.io';
const mqttLines: readonly Line[] = [
  [`mosquitto_pub -h ${host} ${device} -t t -m '{"temp": 5}'`, telemetry(0)],
  [
    `mosquitto_pub -h ${host} -p 8883 ${certificate} --cafile demo-certs/certs/trusted-certs.pem -t t -m '{"temp": 5}'`,
    telemetry(0),
  ],
  [`mosquitto_pub -h ${host} -t t/DEFAULT_TENANT/4711 -m '{"temp": 5}'`, telemetry(0)],
  [`mosquitto_pub -h ${host} ${gateway} -t t/DEFAULT_TENANT/4712 -m '{"temp": 5}'`, telemetry(0, other)],
  [`mosquitto_pub -h ${host} ${device} -t e -q 1 -m '{"alarm": 1}'`, event()],
  [`mosquitto_pub -h ${host} ${device} -t e/?hono-ttl=10 -q 1 -m '{"alarm": 1}'`, event({ ttl: 10 })],
  [`mosquitto_pub -h ${host} -t e/DEFAULT_TENANT/4711 -q 1 -m '{"alarm": 1}'`, event()],
  [
    `mosquitto_pub -h ${host} -t e/DEFAULT_TENANT/4711/?hono-ttl=15 -q 1 -m '{"alarm": 1}'`,
    event({ ttl: 15 }),
  ],
  [`mosquitto_pub -h ${host} ${gateway} -t e//4712 -q 1 -m '{"temp": 5}'`, event(other)],
];

const json = "-H 'content-type: application/json'";
const temperature = `--data-binary '{"temp": 5}' http://${host}:8080`;
const alarm = `--data-binary '{"alarm": true}' http://${host}:8080`;
const sensor = '-u sensor1@DEFAULT_TENANT:hono-secret';
const put = '-X PUT';
const putAsGateway = '-X PUT -u gw@DEFAULT_TENANT:gw-secret';
const httpLines: readonly Line[] = [
  [`curl -i ${sensor} ${json} ${temperature}/telemetry`, telemetry(0)],
  [`curl -i ${sensor} ${json} -H 'qos-level: 1' ${temperature}/telemetry`, telemetry(1)],
  [`curl -i ${sensor} ${json} -H 'hono-ttd: 10' ${temperature}/telemetry`, telemetry(0, waits)],
  [
    `curl -i ${certificate} --cacert demo-certs/certs/trusted-certs.pem ${json} --data-binary '{"temp": 5}' https://${host}:8443/telemetry`,
    telemetry(0),
  ],
  [`curl -i ${put} ${json} ${temperature}/telemetry/DEFAULT_TENANT/4711`, telemetry(0)],
  [`curl -i ${put} ${json} -H 'qos-level: 1' ${temperature}/telemetry/DEFAULT_TENANT/4711`, telemetry(1)],
  [
    `curl -i ${put} ${json} -H 'hono-ttd: 10' ${temperature}/telemetry/DEFAULT_TENANT/4711`,
    telemetry(0, waits),
  ],
  [`curl -i ${putAsGateway} ${json} ${temperature}/telemetry//4712`, telemetry(0, other)],
  [`curl -i ${putAsGateway} ${json} -H 'qos-level: 1' ${temperature}/telemetry//4712`, telemetry(1, other)],
  [
    `curl -i ${putAsGateway} ${json} -H 'hono-ttd: 10' ${temperature}/telemetry//4712`,
    telemetry(0, { ...other, ...waits }),
  ],
  [`curl -i ${sensor} ${json} ${alarm}/event`, event()],
  [`curl -i ${put} ${json} ${alarm}/event/DEFAULT_TENANT/4711`, event()],
  [`curl -i ${putAsGateway} ${json} ${temperature}/event//4712`, event(other)],
  [`curl -i ${sensor} ${json} ${temperature}/telemetry?hono-ttd=60`, telemetry(0, waits)],
];

const psk = '-u sensor1@DEFAULT_TENANT -k hono-secret';
const pskOfGateway = '-u gw@DEFAULT_TENANT -k gw-secret';
const body = `-t application/json -e '{"temp": 5}'`;
const coapLines: readonly Line[] = [
  [`coap-client ${psk} -m POST coaps://${host}/t ${body}`, telemetry(1)],
  [`coap-client ${psk} -N -m POST coaps://${host}/t ${body}`, telemetry(0)],
  [`coap-client ${psk} -m POST coaps://${host}/t?hono-ttd=10 ${body}`, telemetry(1, waits)],
  [`coap-client -m PUT coap://${host}/t/DEFAULT_TENANT/4711 ${body}`, telemetry(1)],
  [`coap-client -N -m PUT coap://${host}/t/DEFAULT_TENANT/4711 ${body}`, telemetry(0)],
  [`coap-client -m PUT coap://${host}/t/DEFAULT_TENANT/4711?hono-ttd=10 ${body}`, telemetry(1, waits)],
  [`coap-client ${pskOfGateway} -m PUT coaps://${host}/t//4712 ${body}`, telemetry(1, other)],
  [`coap-client ${pskOfGateway} -N -m PUT coaps://${host}/t//4712 ${body}`, telemetry(0, other)],
  [
    `coap-client ${pskOfGateway} -m PUT coaps://${host}/t//4712?hono-ttd=10 ${body}`,
    telemetry(1, { ...other, ...waits }),
  ],
  [`coap-client ${psk} -m POST coaps://${host}/e ${body}`, event()],
  [`coap-client ${psk} -m POST coaps://${host}/e?hono-ttd=10 ${body}`, event(waits)],
  [`coap-client -m PUT coap://${host}/e/DEFAULT_TENANT/4711 ${body}`, event()],
  [`coap-client -m PUT coap://${host}/e/DEFAULT_TENANT/4711?hono-ttd=10 ${body}`, event(waits)],
  [`coap-client ${pskOfGateway} -m PUT coaps://${host}/e//4712 ${body}`, event(other)],
  [
    `coap-client ${pskOfGateway} -m PUT coaps://${host}/e//4712?hono-ttd=10 ${body}`,
    event({ ...other, ...waits }),
  ],
];

const tenant = 'DEFAULT_TENANT';
const authority = createCertificateAuthority('CN=ca,O=Acme');

/** The devices of the guides, with what they log in with. */
const secretsOf = (authId: string, hash: string, key: string): readonly object[] => [
  {
    type: 'hashed-password',
    'auth-id': authId,
    secrets: [{ 'hash-function': 'bcrypt', 'pwd-hash': hash }],
  },
  { type: 'psk', 'auth-id': authId, secrets: [{ key: Buffer.from(key).toString('base64') }] },
];
const registry = {
  tenants: [
    {
      'tenant-id': tenant,
      'trusted-ca': [trustAnchorOf(authority)],
      adapters: ['hono-mqtt', 'hono-http', 'hono-coap'].map((type) => ({
        type,
        enabled: true,
        ext: { 'max-ttd': waits.ttd },
      })),
      devices: [
        {
          'device-id': '4711',
          credentials: [
            ...secretsOf(
              'sensor1',
              '$2b$10$3kfLcDkb6KSW7sB6h9C47u7HLTi0LaQZ3gTxveSvACGAmkfqUzGZK',
              'hono-secret',
            ),
            { type: 'x509-cert', 'auth-id': 'CN=4711,O=Acme', secrets: [{}] },
          ],
        },
        {
          'device-id': 'gw-1',
          credentials: secretsOf(
            'gw',
            '$2b$10$uG8db0402PNWSxjMTQhVg.HhzgtW/f7IWQEe5HKPQDBsJMu9xscla',
            'gw-secret',
          ),
        },
        { 'device-id': '4712', via: ['gw-1'] },
      ],
    },
  ],
};

interface Guide {
  readonly protocol: 'mqtt' | 'http' | 'coap';
  readonly packages: readonly string[];
  /** Each in the place of `coap-client`. */
  readonly programs: readonly string[];
  readonly lines: readonly Line[];
  /** All that the program prints; absent: nothing. */
  readonly prints?: RegExp;
}

const guides: readonly Guide[] = [
  { protocol: 'mqtt', packages: ['mosquitto-clients'], programs: ['mosquitto_pub'], lines: mqttLines },
  {
    protocol: 'http',
    packages: ['curl'],
    programs: ['curl'],
    lines: httpLines,
    prints: /^HTTP\/1\.1 202 Accepted\r\ncontent-length: 0\r\n/,
  },
  {
    protocol: 'coap',
    packages: ['libcoap3-bin'],
    programs: ['coap-client-openssl', 'coap-client-gnutls'],
    lines: coapLines,
  },
];

describe.each(guides)('the user guide of $protocol', ({ protocol, packages, programs, lines, prints }) => {
  const canRun = hasPackages('python3-qpid-proton', ...packages);
  const plainCoapPort = freePort();
  let directory: string;
  let stage: Stage;
  let consumers: Readonly<Record<Expected['endpoint'], ProtonConsumer>>;

  beforeAll(async () => {
    if (!canRun) return;
    directory = mkdtempSync(join(tmpdir(), 'rollcall-guides-'));
    const files = join(directory, 'demo-certs', 'certs');
    mkdirSync(files, { recursive: true });
    const issued = authority.issue({ subject: 'CN=4711,O=Acme' });
    writeFileSync(join(files, 'device-4711-cert.pem'), issued.cert);
    writeFileSync(join(files, 'device-4711-key.pem'), issued.key);
    writeFileSync(join(files, 'trusted-certs.pem'), authority.cert);
    stage = setStage({
      protocol,
      devices: 0,
      registry,
      ...(protocol !== 'coap' && { certificate: authority.issue({ subject: 'CN=localhost' }) }),
      environment: {
        [`ROLLCALL_${protocol.toUpperCase()}_AUTHENTICATIONREQUIRED`]: 'false',
        ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging',
        ...(protocol === 'coap' && {
          ROLLCALL_COAP_INSECUREPORTENABLED: 'true',
          ROLLCALL_COAP_INSECUREPORT: String(plainCoapPort),
        }),
      },
    });
    await stage.network.start();
    await stage.adapter.start();
    const consume = (address: string) => startProtonConsumer({ url: stage.networkUrl, address });
    consumers = {
      telemetry: await consume(`telemetry/${tenant}`),
      event: await consume(`event/${tenant}::guides`),
    };
  });
  afterAll(async () => {
    if (!canRun) return;
    await Promise.all(Object.values(consumers).map((consumer) => consumer.close()));
    await stage.strike();
    rmSync(directory, { recursive: true, force: true });
  });

  const here = (line: string, program: string): string =>
    line
      .replace(/^coap-client/, program)
      .replace(`-h ${host} -p 8883`, `-h localhost -p ${stage.securePort}`)
      .replace(`-h ${host}`, `-h 127.0.0.1 -p ${stage.port}`)
      .replace(`https://${host}:8443`, `https://localhost:${stage.securePort}`)
      .replace(`http://${host}:8080`, `http://127.0.0.1:${stage.port}`)
      .replace(`coaps://${host}`, `coaps://127.0.0.1:${stage.port}`)
      .replace(`coap://${host}`, `coap://127.0.0.1:${plainCoapPort}`);

  const cases = programs.flatMap((program) => lines.map((line) => [program, ...line] as const));
  test.runIf(canRun).each(cases)('with %s: the line works: %s', async (program, line, expected) => {
    const consumer = consumers[expected.endpoint];
    const before = consumer.messages.length;
    const ran = spawnSync(here(line, program), {
      shell: true,
      cwd: directory,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(ran.status).toBe(0);
    if (prints) expect(ran.stdout).toMatch(prints);
    else expect(ran.stdout + ran.stderr).toBe('');
    const message = (await consumer.until(before + 1)).at(-1);
    expect(message).toMatchObject({
      address: `${expected.endpoint}/${tenant}`,
      body: / '(\{.*?\})'/.exec(line)?.[1],
      contentType: line.includes('application/json') ? 'application/json' : 'application/octet-stream',
      durable: expected.endpoint === 'event',
      ttl: expected.ttl ?? 0,
      annotations: { tenant_id: tenant, device_id: expected.device },
      properties: { device_id: expected.device, qos: expected.qos },
    });
    expect(message?.properties['ttd']).toBe(expected.ttd);
  });
});

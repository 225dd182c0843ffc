import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksRunBy, type DocumentBlock } from '../documents/document-blocks.ts';
import { freePort } from '../e2e/support/ports.ts';
import { createShell, type Shell } from '../e2e/support/shell.ts';
import { startUp, type RunningUp } from '../e2e/support/up.ts';
import { rabbitmq } from './networks/rabbitmq.ts';
import { hasPackage } from './support.ts';

// The commands of the documents that need programs of others: as they stand there, but for ports and hosts.

const blocks = blocksRunBy('test/interop/documented-commands.test.ts');
const named = (block: DocumentBlock): [string, DocumentBlock] => [`${block.document}:${block.line}`, block];
const ofBroker = blocks.filter(({ document }) => document === 'docs/messaging-networks.md').map(named);
const ofBanner = blocks.filter(({ document }) => document === 'README.md');
const ofDevices = blocks.filter(({ document }) => document.startsWith('apps/')).map(named);

let directory = '';
let shell: Shell;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-documents-'));
  shell = createShell(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('each block of commands that the documents assign to this file is run', () => {
  expect(ofBroker.length + ofBanner.length + ofDevices.length).toBe(blocks.length);
  expect([ofBroker.length, ofBanner.length, ofDevices.length]).not.toContain(0);
});

describe.runIf(['mosquitto-clients', 'curl', 'libcoap3-bin'].every(hasPackage))('devices', () => {
  let up: RunningUp;
  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  const here = (code: string): string =>
    code
      .replace('-p 1883', `-p ${up.mqttPort}`)
      .replaceAll(/127\.0\.0\.1:(\d+)/g, (_all, port: string) => `127.0.0.1:${Number(port) + up.offset}`);

  function printed(): readonly string[] {
    const [, tried = ''] = /^Try, .*?:$(.*?)^Connection events/ms.exec(ofBanner[0]?.code ?? '') ?? [];
    return tried
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => here(line.trim()))
      .filter((line) => /^(mosquitto|curl|coap)/.test(line));
  }

  test('with the commands that `npm start` prints upload, and are seen', async () => {
    const [mqtt, curl, coap] = printed();
    await shell.run(mqtt ?? 'exit 1');
    expect(await shell.run(curl ?? 'exit 1')).toContain('202 Accepted');
    await shell.run(coap ?? 'exit 1');
    await expect
      .poll(() => up.events().map(({ device }) => device))
      .toEqual(expect.arrayContaining(['4711', '4713', '4714']));
  });

  test("of one's own are written to the device registry and used at once, until they are disabled, as `npm start` prints", async () => {
    const [write, giveAccess, use, disable] = printed().filter((line) => /my-device|my-secret/.test(line));
    expect(await shell.run(write ?? 'exit 1')).toContain('{"id":"my-device"}');
    await shell.run(giveAccess ?? 'exit 1');
    expect(await shell.run(use ?? 'exit 1')).toContain('202 Accepted');
    const reasons = (): readonly unknown[] =>
      up
        .events()
        .filter(({ device }) => device === 'my-device')
        .map(({ data }) => data['reason']);
    await expect.poll(reasons).toEqual([undefined]);
    await shell.run(disable ?? 'exit 1');
    await expect.poll(reasons).toEqual([undefined, 'access-revoked']);
  });

  test.each(ofDevices)('leave with the goodbye at %s', async (_place, { code }) => {
    // The same request without it grants the lease that it ends.
    await shell.run(here(code.replace(/-H 'hono-ttd: 0'|&hono-ttd=0/, '')));
    await shell.run(here(code));
    const protocol = code.startsWith('curl') ? /^HTTP/ : /^CoAP/;
    await expect
      .poll(() =>
        up
          .events()
          .filter(({ data }) => protocol.test(String(data['protocol'])))
          .map(({ data }) => data['reason']),
      )
      .toContain('client-closed');
  });
});

describe.runIf(hasPackage('rabbitmq-server'))('RabbitMQ 3', () => {
  const managementPort = freePort();
  const broker = rabbitmq({ managementPort });
  const { username, password } = broker.credentials ?? { username: '', password: '' };
  beforeAll(async () => {
    await broker.start();
    // Its management listens later than itself.
    await admin('until rabbitmqadmin list queues; do sleep 0.3; done');
  });
  afterAll(() => broker.cleanUp());

  const admin = (code: string): Promise<string> =>
    shell.run(
      `rabbitmqadmin() { command rabbitmqadmin -P ${managementPort} -u ${username} -p ${password} "$@"; }\n${code}`,
    );

  test.each(ofBroker)('takes the commands at %s', async (_place, { code }) => {
    const [, watching] = /^(rollcall tail .*)$/m.exec(code) ?? [];
    await admin(code.replace(watching ?? '', ''));
    const queues = [...code.matchAll(/declare queue name=(\S+)/g)].map(([, name = '']) => name);
    const bindings = [...code.matchAll(/declare binding .*destination=(\S+)/g)].map(([, name = '']) => name);
    const [declared, bound] = [
      await admin('rabbitmqadmin list queues name'),
      await admin('rabbitmqadmin list bindings'),
    ];
    for (const name of queues) expect(declared).toContain(` ${name} `);
    for (const name of bindings) expect(bound).toMatch(new RegExp(`event +\\| ${name} `));
    if (watching === undefined) return;
    const url = `amqp://${username}:${password}@127.0.0.1:${broker.port}`;
    await admin(
      [
        `${watching.replace('amqp://broker', url)} & pid=$!`,
        "until rabbitmqadmin list queues name consumers | grep -q 'watch *| 1 '; do sleep 0.3; done",
        'kill $pid',
      ].join('\n'),
    );
  });
});

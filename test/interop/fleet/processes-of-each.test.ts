import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import { startApp } from '../../e2e/support/processes.ts';
import { atTheEnd, clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { distinct, keepRecord, type EventRecord } from '../../faults/support/record.ts';
import { openSpeakingDevice } from '../../faults/support/speaking-device.ts';
import { setStage, type Stage, type StageOptions } from '../../faults/support/stage.ts';
import { endings, untruths } from './fleet-truth.ts';
import { requestingDevices } from './requesting-devices.ts';
import { RoamingDevices } from './roaming-devices.ts';

// As processes.test.ts, over the other protocols, with a messaging network, its password in a file, and a journal on disk.

const devices = 30;
const all = Array.from({ length: devices }, (_, index) => index);

clearUpAfterEach();

async function twoProcesses(
  options: Pick<StageOptions, 'protocol' | 'certificate'>,
): Promise<{ readonly stage: Stage; readonly record: EventRecord }> {
  const network = setStage({ protocol: 'mqtt', devices: 1 });
  atTheEnd(() => network.strike());
  await network.network.start();
  const passwordFile = join(dirname(network.registry), 'password');
  writeFileSync(passwordFile, 'any\n');
  const stage = setStage({
    ...options,
    devices,
    networkPort: Number(new URL(network.networkUrl).port),
    environment: {
      ROLLCALL_ADAPTER_PROCESSES: '2',
      ROLLCALL_MESSAGING_USERNAME: 'adapter',
      ROLLCALL_MESSAGING_PASSWORD_FILE: passwordFile,
    },
  });
  atTheEnd(() => stage.strike());
  const record = await keepRecord(network.networkUrl);
  atTheEnd(() => record.close());
  await stage.adapter.start();
  return { stage, record };
}

/** Processes by the number of each, as they started last. */
function processes({ adapter }: Stage): ReadonlyMap<number, number> {
  const ready = adapter.process.stdout
    .filter((line) => line.includes('"msg":"process is ready"'))
    .map((line) => JSON.parse(line) as { readonly process: number; readonly pid: number });
  return new Map(ready.map(({ process: number, pid }) => [number, pid]));
}

/** Kills one, and waits until another one has its place. */
async function killOne(stage: Stage, number: number): Promise<void> {
  const before = processes(stage).get(number) ?? 0;
  process.kill(before, 'SIGKILL');
  await eventuallyNone(() => (processes(stage).get(number) === before ? ['it is not back'] : []));
  await eventuallyNone(async () => {
    const { status } = await stage.readiness().catch(() => ({ status: 'no answer' }));
    return status === 'UP' ? [] : [status];
  });
}

/** Of events that are not told again: how many each process began. */
function begunBy({ events }: EventRecord): readonly number[] {
  const begun = distinct(events).filter(({ type }) => type === 'connected');
  return [...Map.groupBy(begun, ({ adapter }) => adapter.id).values()].map(({ length }) => length);
}

/** What `rollcall journal` says of the journal of each process. */
async function journals(stage: Stage, command: 'status' | 'list'): Promise<readonly string[]> {
  const files = [0, 1].map((number) => stage.journal.replace(/\.journal$/, `-${number}.journal`));
  return Promise.all(
    files.map(async (file) => {
      const tool = startApp('rollcall', ['journal', command, file]);
      expect(await tool.exited(), tool.stderr.join('\n')).toBe(0);
      return tool.stdout.join('\n');
    }),
  );
}

test('AMQP devices come again to either process, one of which is killed; each has its journal, which tools read', async () => {
  const { stage, record } = await twoProcesses({ protocol: 'amqp' });
  const roaming = new RoamingDevices('amqp');
  atTheEnd(() => roaming.end());
  const isTrue = (): Promise<unknown> => eventuallyNone(() => untruths(record, roaming));
  for (const _time of [1, 2]) await roaming.connect(all, stage.port);
  await isTrue();
  // Who was displaced is told after who came.
  await eventuallyNone(() =>
    endings(record)['taken-over'] === devices ? [] : [JSON.stringify(endings(record))],
  );
  expect(Object.keys(endings(record))).toEqual(['taken-over']);
  expect(begunBy(record)).toHaveLength(2);
  // A journal is written shortly after the event was sent.
  let open: readonly number[] = [];
  await eventuallyNone(async () => {
    const status = await journals(stage, 'status');
    const idle = status.filter((each) => !each.includes('an adapter runs on it'));
    open = status.map((each) => Number(/open\s+(\d+) sessions/.exec(each)?.[1]));
    const sum = open.reduce((total, each) => total + each, 0);
    return [...idle, ...(sum === devices ? [] : [`${sum} are open`])];
  });
  await eventuallyNone(async () => (await journals(stage, 'list')).filter((waits) => waits.trim() !== ''));
  await killOne(stage, 0);
  await eventuallyNone(() =>
    endings(record)['adapter-lost'] === open[0] ? [] : [JSON.stringify(endings(record))],
  );
  await isTrue();
  await roaming.connect(roaming.lost(), stage.port);
  await isTrue();
  expect(endings(record)).toEqual({ 'taken-over': devices, 'adapter-lost': open[0] });
});

test('uploads of HTTP devices go to either process, and each device has one lease, also when one of them is killed', async () => {
  const { stage, record } = await twoProcesses({ protocol: 'http' });
  const { request } = requestingDevices('http');
  const fromAll = (): Promise<unknown> => Promise.all(all.map((number) => request(number, stage.port)));
  for (const _time of [1, 2, 3]) await fromAll();
  await haveOneLease(record);
  expect(begunBy(record)).toHaveLength(2);
  await killOne(stage, 1);
  for (const _time of [1, 2]) await fromAll();
  await pause(1_000);
  await haveOneLease(record);
});

/** No device was reported as disconnected. Where the parent did not answer in time, a process began another one, and one of the two was taken over. */
async function haveOneLease(record: EventRecord): Promise<void> {
  await eventuallyNone(() => {
    const byDevice = Map.groupBy(distinct(record.events), ({ device }) => device.device);
    const wrong = [...byDevice].filter(
      ([, events]) => events.reduce((sum, { type }) => sum + (type === 'connected' ? 1 : -1), 0) !== 1,
    );
    return [...(byDevice.size === devices ? [] : ['not all are told']), ...wrong.map(([device]) => device)];
  });
  expect(Object.keys(endings(record)).filter((reason) => reason !== 'taken-over')).toEqual([]);
}

test('devices of the template are shared among the processes, and those of a process that is killed are reported as lost once', async () => {
  const { stage, record } = await twoProcesses({ protocol: 'template' });
  const open = await Promise.all(all.map((number) => openSpeakingDevice('template', stage.port, number)));
  atTheEnd(() => {
    for (const device of open) device.end();
  });
  await eventuallyNone(() => (distinct(record.events).length === devices ? [] : ['not all are told']));
  const its = distinct(record.events).filter(({ adapter }) => adapter.id.endsWith('-0')).length;
  expect(its).toBeGreaterThan(0);
  await killOne(stage, 0);
  await eventuallyNone(() =>
    endings(record)['adapter-lost'] === its ? [] : [JSON.stringify(endings(record))],
  );
});

test('a certificate that is replaced is what both processes show to new devices', async () => {
  const authority = createCertificateAuthority('CN=authority');
  const [first, second] = ['CN=first', 'CN=second'].map((subject) => authority.issue({ subject }));
  if (!first || !second) throw new Error('two were issued');
  const { stage } = await twoProcesses({ protocol: 'http', certificate: first });
  const shown = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls(
        { port: stage.securePort, host: '127.0.0.1', rejectUnauthorized: false },
        () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  // All to one process, by chance: once in a million times.
  const shownByBoth = async (): Promise<string> => {
    const each = await Promise.all(Array.from({ length: 20 }, shown));
    return [...new Set(each)].toSorted().join();
  };
  expect(await shownByBoth()).toBe('first');
  const directory = dirname(stage.registry);
  writeFileSync(join(directory, 'key.pem'), second.key);
  writeFileSync(join(directory, 'cert.pem'), second.cert);
  stage.adapter.process.child.kill('SIGHUP');
  await eventuallyNone(async () => {
    const names = await shownByBoth();
    return names === 'second' ? [] : [names];
  });
});

test('a CoAP adapter refuses several processes, and says what to do instead', async () => {
  const stage = setStage({ protocol: 'coap', devices: 1 });
  atTheEnd(() => stage.strike());
  const adapter = startApp('coap-adapter', [], {
    ROLLCALL_ADAPTER_PROCESSES: '2',
    ROLLCALL_REGISTRY_FILE: stage.registry,
    ROLLCALL_COAP_PORT: '0',
    ROLLCALL_HEALTH_PORT: '0',
  });
  expect(await adapter.exited()).toBe(2);
  await adapter.printedAll();
  const said = [...adapter.stdout, ...adapter.stderr].join('\n');
  expect(said).toContain('ROLLCALL_ADAPTER_PROCESSES: must be 1 here: datagrams would go to any process');
  expect(said).toContain('Run several adapters behind a balancer');
  expect(said).toContain('with ROLLCALL_DIRECTORY_URL');
});

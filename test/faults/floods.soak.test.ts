import { setTimeout as pause } from 'node:timers/promises';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownDevices } from './support/floods/devices-beside.ts';
import { createFigures, type Figures } from './support/floods/figures.ts';
import { firstNewcomer, floodList, presentDevice } from './support/floods/flood-list.ts';
import { startForeignDevices } from './support/floods/foreign/foreign-devices.ts';
import { floodedProtocols, type FloodedProtocol, type HonestDevice } from './support/floods/honest-device.ts';
import { proveElsewhere } from './support/floods/prove-elsewhere.ts';
import { startDrain, startFlooder } from './support/floods/start-child.ts';
import { distinct, keepRecord, type EventRecord } from './support/record.ts';
import { deviceId, setStage, type Stage } from './support/stage.ts';

// Four adapters as processes, each with its network and its journal, and one flood after the other. Beside it an honest device
// of each protocol sends, and others come for the first time, from the address that the flood has. What is asserted is that they
// notice nothing; how long it took is printed. With ROLLCALL_FLOOD_DEVICES=foreign they are clients that are not ours, and every
// fourth newcomer is a program of its own.

const floodSeconds = Number(process.env['ROLLCALL_FLOOD_SECONDS'] ?? 20);
const sendsEveryMs = 50;
const newcomerEveryMs = 500;
const commandEvery = 4;
/** As many it may have by default, and those of a second that are about to hear that they are refused. */
const sessionsOfADevice = 150;
const perFlood = Math.ceil((floodSeconds * 1_000) / newcomerEveryMs);
const certificate = localhostCertificate();

interface Act {
  readonly protocol: FloodedProtocol;
  readonly stage: Stage;
  readonly record: EventRecord;
  readonly present: HonestDevice;
  /** Those that came, and were told that they are in. */
  readonly newcomers: string[];
}

const isForeign = process.env['ROLLCALL_FLOOD_DEVICES'] === 'foreign';
const devices = isForeign ? startForeignDevices() : ownDevices;
const acts: Act[] = [];
const closing: (() => unknown)[] = [() => devices.close()];
const rows: string[] = [];
let nextNewcomer = firstNewcomer;

async function raise(protocol: FloodedProtocol): Promise<Act> {
  const stage = setStage({
    protocol,
    devices: firstNewcomer + floodList.length * perFlood,
    // The time of the honest ones is what is asked about, not how many fit.
    ...(protocol !== 'coap' && {
      certificate,
      environment: { [`ROLLCALL_${protocol.toUpperCase()}_MAXPENDINGCONNECTIONS`]: '500' },
    }),
  });
  closing.push(() => stage.strike());
  await stage.network.start();
  const record = await keepRecord(stage.networkUrl);
  closing.push(() => record.close());
  await stage.adapter.start();
  const drain = await startDrain('acme', stage.networkUrl);
  closing.push(() => drain.kill());
  const present = await devices.open(protocol, stage, presentDevice);
  closing.push(() => present.end());
  return { protocol, stage, record, present, newcomers: [] };
}

beforeAll(async () => {
  for (const protocol of floodedProtocols) acts.push(await raise(protocol));
  for (const { protocol, stage } of acts) if (protocol !== 'coap') await proveElsewhere(protocol, stage.port);
}, 240_000);

afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  const columns = ['answered', 'comes', ...(devices.command ? ['command'] : [])];
  const head = [
    'flood',
    'adapter',
    ...floodedProtocols.flatMap((each) => columns.map((column) => `${each} ${column}`)),
  ];
  console.log(['p50/p99/max in ms, of how many', head.join(' | '), ...rows].join('\n'));
});

/** Sends again and again, one message at a time. */
async function keepSending({ present }: Act, figures: Figures, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    await figures.measure(() => present.send());
    await pause(sendsEveryMs);
  }
}

interface Measured {
  readonly act: Act;
  readonly answered: Figures;
  readonly came: Figures;
  /** Of those that are a process of their own: it includes the start of one. */
  readonly commands: Figures;
}

/** A new device comes, sends, and goes; every other one comes over TLS, where there is a port with it. */
async function come({ act, came, commands }: Measured, index: number): Promise<void> {
  const { protocol, stage, newcomers } = act;
  if (devices.command && index % commandEvery === 1) {
    newcomers.push(deviceId(index));
    const login = { port: stage.port, username: `${deviceId(index)}@acme` };
    await commands.measure(async () => devices.command?.(protocol, login));
    return;
  }
  let device: HonestDevice | undefined;
  const isSecure = protocol !== 'coap' && index % 2 === 0;
  await came.measure(async () => {
    const door = isSecure ? { port: stage.securePort, ca: certificate.cert } : { port: stage.port };
    device = await devices.open(protocol, door, index);
    newcomers.push(deviceId(index));
    await device.send();
  });
  device?.end();
}

test.each(floodList)(
  'honest $protocol devices are served during the flood: $name',
  async ({ name, protocol, order }) => {
    const target = acts.find((act) => act.protocol === protocol);
    if (!target) throw new Error(`no ${protocol} adapter`);
    const flood = order(target.stage);
    const flooder = await startFlooder(flood);
    const end = AbortSignal.timeout(floodSeconds * 1_000);
    const measured = acts.map((act): Measured => {
      return { act, answered: createFigures(), came: createFigures(), commands: createFigures() };
    });
    const sending = measured.map(({ act, answered }) => keepSending(act, answered, end));
    const coming: Promise<void>[] = [];
    for (let i = 0; i < perFlood; i++) {
      const index = nextNewcomer++;
      coming.push(...measured.map((each) => come(each, index)));
      await pause(newcomerEveryMs);
    }
    await Promise.all([...sending, ...coming]);
    const { begun, accepted } = await flooder.stop();
    const megabytes = (await target.stage.metric('process_resident_memory_bytes')) / 1_048_576;
    const cells = measured.flatMap(cellsOf);
    const adapter = `${protocol}, ${megabytes.toFixed(0)} MB`;
    rows.push(`${name} (${begun} begun, ${accepted} accepted) | ${adapter} | ${cells.join(' | ')}`);

    const failures = measured.flatMap(({ act, answered, came, commands }) =>
      [answered, came, commands]
        .flatMap((each) => each.failures)
        .map((failure) => `${act.protocol}: ${failure}`),
    );
    expect(counted(failures)).toEqual([]);
    if (flood.kind === 'logins') expect(accepted).toBe(0);
    if (flood.kind === 'sessions') expect(accepted).toBeLessThanOrEqual(sessionsOfADevice);
    if (flood.kind !== 'none') expect(begun).toBeGreaterThan(floodSeconds);
    // The adapters have time to get over it.
    await pause(2_000);
    expect(acts.flatMap((act) => falseEvents(act))).toEqual([]);
  },
);

function cellsOf({ answered, came, commands }: Measured): readonly string[] {
  const figures = [answered, came, ...(devices.command ? [commands] : [])];
  return figures.map((each) => `${each.text()} of ${each.count}`);
}

function counted(texts: readonly string[]): readonly string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => `${all.length} × ${text}`);
}

/** False events of honest devices. One that comes and goes has a session, or a lease that goes on. */
function falseEvents({ protocol, record, newcomers }: Act): readonly string[] {
  const hasLeases = protocol === 'http' || (protocol === 'coap' && !devices.closesAssociations);
  const told = Map.groupBy(distinct(record.events), ({ device }): string => device.device);
  const textOf = (id: string): string =>
    (told.get(id) ?? []).map((event) => (event.type === 'connected' ? 'connected' : event.reason)).join();
  const problems = [`${deviceId(presentDevice)}: ${textOf(deviceId(presentDevice))}`].filter(
    (text) => !text.endsWith(': connected'),
  );
  for (const id of newcomers) {
    const expected = hasLeases ? 'connected' : 'connected,client-closed';
    if (textOf(id) !== expected) problems.push(`${id}: ${textOf(id)} instead of ${expected}`);
  }
  for (const id of told.keys()) if (id.startsWith('nobody')) problems.push(`${id}: it does not exist`);
  return problems.map((problem) => `${protocol}: ${problem}`);
}

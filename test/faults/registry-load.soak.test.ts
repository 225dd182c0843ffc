import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '@rollcall/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeviceTruth, type Outcome } from './support/device-truth.ts';
import { visit, visitedProtocols, type Visit, type VisitedProtocol } from './support/device-visit.ts';
import { otherRegistry } from './support/other-registry.ts';
import { setRegistryStage, type RegistryStage } from './support/registry-stage.ts';

// Adapters on a registry service under mixed load: devices come and go, somebody changes them by the management API, and the
// registry is killed twice meanwhile. No device is refused that is registered and known, none is let in that is not, and what is
// open ends with its ground. How long changes took is printed.

const seconds = Number(process.env['ROLLCALL_REGISTRY_LOAD_SECONDS'] ?? 120);
/** How often devices connect, all protocols together, and how often one of them is changed; each second. */
const connectsPerSecond = Number(process.env['ROLLCALL_REGISTRY_LOAD_CONNECTS'] ?? 100);
const changesPerSecond = Number(process.env['ROLLCALL_REGISTRY_LOAD_CHANGES'] ?? 10);
const devices = 40;
const workers = 8;
/** How long a change may take to count. It is printed how long it took; a machine that is busy takes longer. */
const graceMs = 5_000;
/** Instead of ours: `OtherRegistry` in a JSON file. */
const other = otherRegistry(process.env['ROLLCALL_REGISTRY_LOAD_OTHER']);
/** What is said of a tenant, a password or a device is kept for longer. */
const keptForMs = other?.keptForMs ?? 240_000;
const random = seededRandom(Number(process.env['ROLLCALL_REGISTRY_LOAD_SEED'] ?? 1));
const now = (): number => performance.now();

interface Device {
  readonly id: string;
  readonly address: string;
  readonly protocol: VisitedProtocol;
  readonly truth: DeviceTruth;
  password: string;
  visit: Visit | undefined;
  /** It is being changed, or connects. */
  isBusy: boolean;
}

let stage: RegistryStage;
/** From when the registry was about to be killed until the adapter was whole again. */
let isDown = false;
let wasDownAt = -Infinity;
/** That the management API has not answered yet. */
const changes = { underWay: 0 };
const wrong: string[] = [];
const isWrong = (what: string): void => void wrong.push(`${new Date().toISOString()} ${what}`);
const changeMs: number[] = [];
const staleMs: number[] = [];
/** The longest that a device waited to hear this. */
const longestMs: Record<string, number> = {};
const counts: Record<string, number> = {};
const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);

beforeAll(async () => {
  stage = setRegistryStage(visitedProtocols, other);
  await stage.start();
  await stage.manage('POST', 'tenants/acme');
  await stage.isWhole();
});
afterAll(() => stage.strike());

async function given(index: number): Promise<Device> {
  const id = `d${index}`;
  await stage.manage('POST', `devices/acme/${id}`, {});
  const device: Device = {
    ...{ id, address: `127.0.0.${index + 2}`, password: '', visit: undefined, isBusy: false },
    protocol: visitedProtocols[index % visitedProtocols.length] ?? 'mqtt',
    truth: new DeviceTruth('refused', now()),
  };
  await change(device, 'accepted', () => setPassword(device));
  return device;
}

async function setPassword(device: Device): Promise<void> {
  const password = `p${Math.floor(random.next() * 1e9)}`;
  await stage.manage('PUT', `credentials/acme/${device.id}`, [
    { type: 'hashed-password', 'auth-id': device.id, secrets: [{ 'pwd-plain': password }] },
    { type: 'psk', 'auth-id': device.id, secrets: [{ key: Buffer.from(password).toString('base64') }] },
  ]);
  device.password = password;
}

async function change(
  device: Device,
  outcome: Exclude<Outcome, 'unavailable'>,
  ask: () => Promise<void>,
): Promise<void> {
  const answered = device.truth.change(outcome, now());
  changes.underWay++;
  try {
    await ask();
  } finally {
    changes.underWay--;
  }
  answered(now());
}

/** Something about a device is changed that ends what it has open. */
async function revoke(device: Device): Promise<void> {
  const { id, truth } = device;
  const open = device.visit?.open?.isClosed() === false ? device.visit.open : undefined;
  const kinds = truth.now === 'accepted' ? ['password', 'disable', 'none'] : ['restore'];
  const kind = kinds[Math.floor(random.next() * kinds.length)] ?? '';
  count(kind);
  if (kind === 'disable')
    await change(device, 'disabled', () => stage.manage('PUT', `devices/acme/${id}`, { enabled: false }));
  else if (kind === 'none')
    await change(device, 'refused', () => stage.manage('PUT', `credentials/acme/${id}`, []));
  else
    await change(device, 'accepted', async () => {
      await stage.manage('PUT', `devices/acme/${id}`, {});
      await setPassword(device);
    });
  if (!open) return;
  const from = now();
  const closesWithin = (ms: number): Promise<boolean> =>
    Promise.race([open.closed.then(() => true), pause(ms, false)]);
  if (await closesWithin(2 * graceMs)) {
    changeMs.push(now() - from);
    return;
  }
  // Too late, or never: that tells what to look for.
  const isLate = await closesWithin(12 * graceMs);
  const afterMs = Math.round(now() - from);
  isWrong(`${id}: ${kind}: ${isLate ? 'disconnected only' : 'still connected'} after ${afterMs} ms`);
}

async function connect(device: Device): Promise<void> {
  const { id, truth } = device;
  // One that fails at each try would be throttled.
  if (truth.now === 'refused' && random.next() < 0.8) return;
  await device.visit?.end();
  const begun = now();
  const wasKnown = truth.isKnown(begun, keptForMs);
  device.visit = await visit(device.protocol, stage.ports[device.protocol], device);
  const outcome = judged(device, begun);
  count(`${device.protocol} ${outcome}`);
  const waitedMs = Math.round(now() - begun);
  longestMs[`${device.protocol} ${outcome}`] = Math.max(
    longestMs[`${device.protocol} ${outcome}`] ?? 0,
    waitedMs,
  );
  // Whoever fails again and again has to wait: that is none of the registry's.
  if (outcome === 'throttled') return;
  const mayBeAway = isDown || begun - wasDownAt < graceMs;
  if (outcome === 'unavailable') {
    if (!mayBeAway) isWrong(`${id}: unavailable while the registry was there, after ${waitedMs} ms`);
    // Keys are not kept: no adapter may, says Hono.
    if (wasKnown && device.protocol !== 'coap') isWrong(`${id}: unavailable though its answers are kept`);
    return;
  }
  const stale = truth.staleness(outcome, begun);
  if (stale === undefined || stale > graceMs)
    isWrong(`${id}: ${outcome}, where ${truth.now} is true (${stale})`);
  else staleMs.push(stale);
  if (outcome === 'accepted') truth.known(now());
}

/**
 * What an answer that has more than one meaning means for a device of which this is true. AMQP tells who is throttled nothing else than
 * who comes while the registry is away; what the adapter counted is looked at in the end. DTLS says nothing at all.
 */
function judged({ visit: last, truth, protocol }: Device, begun: number): Outcome | 'throttled' {
  const outcome = last?.outcome ?? 'unavailable';
  if (outcome !== 'not-now') return outcome;
  if (protocol === 'amqp') return isDown || begun - wasDownAt < graceMs ? 'unavailable' : 'throttled';
  return (truth.staleness('refused', begun) ?? Infinity) > graceMs ? 'unavailable' : 'refused';
}

/** One device after the other, each alone. */
async function keepDoing(
  all: readonly Device[],
  work: (device: Device) => Promise<void>,
  { untilMs, perSecond }: { readonly untilMs: number; readonly perSecond: number },
): Promise<void> {
  while (now() < untilMs) {
    const device = all[Math.floor(random.next() * all.length)];
    if (!device || device.isBusy) {
      await pause(5);
      continue;
    }
    device.isBusy = true;
    try {
      await work(device);
    } finally {
      device.isBusy = false;
    }
    await pause((random.next() * 2_000) / perSecond);
  }
}

async function killTwice(fromMs: number): Promise<void> {
  for (const part of [1 / 3, 2 / 3]) {
    await pause(Math.max(0, fromMs + seconds * 1_000 * part - now()));
    isDown = true;
    // Whoever changes something has its answer first.
    while (changes.underWay > 0) await pause(50);
    await pause(other?.toldWithinMs ?? 0);
    await stage.registry.end('SIGKILL');
    await pause(5_000);
    await stage.registry.start();
    await stage.isWhole();
    wasDownAt = now();
    isDown = false;
  }
}

function tell(): void {
  console.log(
    [
      new Date().toISOString(),
      JSON.stringify(counts),
      `connections ended after ${quantiles(changeMs)}`,
      `longest waits for an answer, in ms: ${JSON.stringify(longestMs)}`,
      `out of date: ${quantiles(staleMs)}; by more than a second: ${staleMs.filter((ms) => ms > 1_000).length} of ${staleMs.length}`,
      `wrong: ${wrong.length} ${wrong.slice(0, 5).join('; ')}`,
    ].join('\n'),
  );
}

function quantiles(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    `${Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)} ms`;
  return `${at(0.5)} (median), ${at(0.99)} (p99), ${at(1)} (longest)`;
}

async function tellHowItGoes(untilMs: number): Promise<void> {
  while (now() + 60_000 < untilMs) {
    await pause(60_000);
    tell();
  }
}

test(
  'no wrong refusal, no wrong welcome, and what is open ends with its ground',
  async () => {
    const all: Device[] = [];
    for (let index = 0; index < devices; index++) all.push(await given(index));
    for (const device of all) await connect(device);
    const begun = now();
    const end = begun + seconds * 1_000;
    await Promise.all([
      ...Array.from({ length: workers }, () =>
        keepDoing(all, connect, { untilMs: end, perSecond: connectsPerSecond / workers }),
      ),
      keepDoing(all, async (device) => (isDown ? pause(100) : revoke(device)), {
        untilMs: end,
        perSecond: changesPerSecond,
      }),
      tellHowItGoes(end),
      killTwice(begun),
    ]);
    for (const device of all) await device.visit?.end();
    tell();
    expect(wrong).toEqual([]);
    expect(
      await stage.metric('amqp', 'rollcall_logins_refused_total{cause="throttled"'),
    ).toBeGreaterThanOrEqual(counts['amqp throttled'] ?? 0);
    expect(changeMs.length).toBeGreaterThan(0);
    for (const protocol of visitedProtocols)
      for (const outcome of ['accepted', 'refused', 'disabled'])
        expect(counts[`${protocol} ${outcome}`], `${protocol} ${outcome}`).toBeGreaterThan(0);
  },
  seconds * 1_000 + 600_000,
);

import { setTimeout as pause } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { seededRandom } from '@rollcall/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeviceTruth, type Outcome } from './support/device-truth.ts';
import { setRegistryStage, type RegistryStage } from './support/registry-stage.ts';

// An adapter on a registry service under mixed load: devices come and go, somebody changes them by the management API, and the
// registry is killed twice meanwhile. No device is refused that is registered and known, none is let in that is not, and what is
// open ends with its ground. How long changes took is printed.

const seconds = Number(process.env['ROLLCALL_REGISTRY_LOAD_SECONDS'] ?? 120);
const devices = 40;
/** How long a change may take to count. It is printed how long it took; a machine that is busy takes longer. */
const graceMs = 5_000;
/** Tenants, passwords and registrations are kept for longer. */
const keptForMs = 60_000;
const random = seededRandom(Number(process.env['ROLLCALL_REGISTRY_LOAD_SEED'] ?? 1));
const now = (): number => performance.now();

interface Device {
  readonly id: string;
  readonly truth: DeviceTruth;
  password: string;
  client: MqttClient | undefined;
  /** It is being changed, or connects. */
  isBusy: boolean;
}

let stage: RegistryStage;
/** From when the registry was about to be killed until the adapter was whole again. */
let isDown = false;
let wasDownAt = -Infinity;
const wrong: string[] = [];
const changeMs: number[] = [];
const staleMs: number[] = [];
/** The longest that a device waited to hear this. */
const longestMs: Partial<Record<Outcome | 'throttled', number>> = {};
const counts: Record<string, number> = {};
const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);

beforeAll(async () => {
  stage = setRegistryStage();
  await stage.start();
  await stage.manage('POST', 'tenants/acme');
  await stage.isWhole();
});
afterAll(() => stage.strike());

async function given(index: number): Promise<Device> {
  const id = `d${index}`;
  await stage.manage('POST', `devices/acme/${id}`, {});
  const device: Device = {
    ...{ id, password: '', client: undefined, isBusy: false },
    truth: new DeviceTruth('refused', now()),
  };
  await change(device, 'accepted', () => setPassword(device));
  return device;
}

async function setPassword(device: Device): Promise<void> {
  const password = `p${Math.floor(random.next() * 1e9)}`;
  await stage.manage('PUT', `credentials/acme/${device.id}`, [
    { type: 'hashed-password', 'auth-id': device.id, secrets: [{ 'pwd-plain': password }] },
  ]);
  device.password = password;
}

async function change(
  device: Device,
  outcome: Exclude<Outcome, 'unavailable'>,
  ask: () => Promise<void>,
): Promise<void> {
  const answered = device.truth.change(outcome, now());
  await ask();
  answered(now());
}

/** Something about a device is changed that ends what it has open. */
async function revoke(device: Device): Promise<void> {
  const { client, id, truth } = device;
  const closed =
    client?.connected === true
      ? new Promise<void>((resolve) => client.once('close', () => resolve()))
      : undefined;
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
  if (!closed) return;
  const from = now();
  const isClosed = await Promise.race([closed.then(() => true), pause(2 * graceMs, false)]);
  if (isClosed) changeMs.push(now() - from);
  else wrong.push(`${id}: still connected after ${kind}`);
}

async function connect(device: Device): Promise<void> {
  const { id, truth } = device;
  // One that fails at each try would be throttled.
  if (truth.now === 'refused' && random.next() < 0.8) return;
  await device.client?.endAsync(true);
  const begun = now();
  const wasKnown = truth.isKnown(begun, keptForMs);
  const outcome = await heardBy(device);
  count(outcome);
  const waitedMs = Math.round(now() - begun);
  longestMs[outcome] = Math.max(longestMs[outcome] ?? 0, waitedMs);
  if (outcome === 'throttled') return;
  const mayBeAway = isDown || begun - wasDownAt < graceMs;
  if (outcome === 'unavailable') {
    if (!mayBeAway) wrong.push(`${id}: unavailable while the registry was there`);
    if (wasKnown) wrong.push(`${id}: unavailable though its answers are kept`);
    return;
  }
  const stale = truth.staleness(outcome, begun);
  if (stale === undefined || stale > graceMs)
    wrong.push(`${id}: ${outcome}, where ${truth.now} is true (${stale})`);
  else staleMs.push(stale);
  if (outcome === 'accepted') truth.known(now());
}

const outcomes: Readonly<Record<number, Outcome>> = {
  0x86: 'refused',
  0x87: 'disabled',
  0x88: 'unavailable',
};

async function heardBy(device: Device): Promise<Outcome | 'throttled'> {
  const { id, password } = device;
  try {
    const facts = {
      username: `${id}@acme`,
      password,
      clientId: id,
      reconnectPeriod: 0,
      protocolVersion: 5,
      // As long as clients wait.
      connectTimeout: 30_000,
    } as const;
    device.client = await mqtt.connectAsync(stage.url, facts, false);
    device.client.on('error', () => {});
    return 'accepted';
  } catch (error) {
    const { code } = error as { readonly code?: number };
    // Whoever fails again and again has to wait: that is none of the registry's.
    return code === 0x9f ? 'throttled' : (outcomes[code ?? 0] ?? 'unavailable');
  }
}

/** One device after the other, each alone. */
async function keepDoing(
  all: readonly Device[],
  work: (device: Device) => Promise<void>,
  untilMs: number,
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
    await pause(random.next() * 50);
  }
}

async function killTwice(fromMs: number): Promise<void> {
  for (const part of [1 / 3, 2 / 3]) {
    await pause(Math.max(0, fromMs + seconds * 1_000 * part - now()));
    isDown = true;
    // Whoever changes something has its answer first.
    await pause(1_000);
    await stage.registry.end('SIGKILL');
    await pause(5_000);
    await stage.registry.start();
    await stage.isWhole();
    wasDownAt = now();
    isDown = false;
  }
}

test('no wrong refusal, no wrong welcome, and what is open ends with its ground', async () => {
  const all: Device[] = [];
  for (let index = 0; index < devices; index++) all.push(await given(index));
  for (const device of all) await connect(device);
  const begun = now();
  const end = begun + seconds * 1_000;
  await Promise.all([
    ...Array.from({ length: 8 }, () => keepDoing(all, connect, end)),
    keepDoing(all, async (device) => (isDown ? pause(100) : revoke(device)), end),
    killTwice(begun),
  ]);
  for (const device of all) await device.client?.endAsync(true);
  const sorted = changeMs.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    `${Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)} ms`;
  console.log(
    `${JSON.stringify(counts)}; connections ended after ${at(0.5)} (median), ${at(0.99)} (p99), ${at(1)} (longest)`,
  );
  console.log(`longest waits for an answer, in ms: ${JSON.stringify(longestMs)}`);
  console.log(`most out of date: ${Math.round(Math.max(...staleMs))} ms`);
  expect(wrong).toEqual([]);
  expect(sorted.length).toBeGreaterThan(0);
});

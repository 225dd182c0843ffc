import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createMessaging } from '@rollcall/amqp-sender';
import { presence, type PresenceNews } from '@rollcall/client';
import { anEvent } from '@rollcall/conformance';
import {
  deviceRef,
  silentLog,
  systemClock,
  systemRandom,
  type ConnectedEvent,
  type ConnectionEvent,
  type ConnectionId,
  type Epoch,
  type EventId,
  type EventSink,
  type Timestamp,
} from '@rollcall/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restartable, type Restartable } from './support/restartable.ts';

// The presence service under churn, while it and the network are killed: nothing is lost, and nothing is there twice.

const tenant = 'acme';
const devices = 30;
const connectionsOfEach = 24;

interface Stage {
  readonly network: Restartable;
  readonly service: Restartable;
  readonly url: string;
  readonly sink: EventSink;
}

// Its own ports, below the range from which the system takes ports for clients.
let nextPort = 31_100 + (process.pid % 300) * 5;
let directory = '';
let stage: Stage;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-presence-faults-'));
  stage = setStage();
  await stage.network.start();
  await stage.service.start();
});
afterEach(async () => {
  await stage.sink.close();
  for (const each of [stage.service, stage.network]) await each.end('SIGKILL').catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

function setStage(): Stage {
  const [networkPort, apiPort, healthPort] = [nextPort++, nextPort++, nextPort++];
  const network = restartable({
    app: 'rollcall',
    args: ['network', '--port', String(networkPort), '--data', join(directory, 'network')],
    isReady: ({ stdout, stderr }) =>
      [...stdout, ...stderr].some((line) => line.includes('authenticates nobody')),
  });
  const service = restartable({
    app: 'presence',
    environment: {
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(networkPort),
      ROLLCALL_PRESENCE_OPEN: 'true',
      ROLLCALL_PRESENCE_PORT: String(apiPort),
      ROLLCALL_PRESENCE_DIRECTORY: join(directory, 'presence'),
      ROLLCALL_HEALTH_PORT: String(healthPort),
    },
    // Its subscription is there: what is sent from now on is kept for it.
    isReady: ({ stdout }) => stdout.some((line) => line.includes('following the connection events')),
  });
  const messaging = createMessaging({
    ...{ host: '127.0.0.1', port: networkPort, containerName: 'faults', sendTimeoutMs: 2_000 },
    ...{ clock: systemClock, random: systemRandom, log: silentLog },
  });
  void messaging.sender.close();
  return { network, service, url: `http://127.0.0.1:${apiPort}`, sink: messaging.eventsSink() };
}

/** As the outbox of an adapter does: until it is confirmed, in the order of the device. */
async function deliver(event: ConnectionEvent): Promise<void> {
  for (;;) {
    const { status } = await stage.sink.deliver(
      { event, downstream: { defaults: {} } },
      new AbortController().signal,
    );
    if (status === 'delivered') return;
    await pause(50);
  }
}

const begin = Date.now() - 3_600_000;

function connection(device: number, number: number): ConnectedEvent {
  const at = begin + number * 60_000 + device;
  const id = `${String(device).padStart(4, '0')}-${String(number).padStart(4, '0')}`;
  return anEvent(`on-${id}`, {
    device: deviceRef(tenant, `device-${device}`),
    connectionId: `connection-${id}` as ConnectionId,
    at: at as Timestamp,
    epoch: `${at.toString(16).padStart(12, '0')}0000` as Epoch,
    slot: 'one-at-a-time',
  });
}

function ending(of: ConnectedEvent): ConnectionEvent {
  const { slot: _slot, ...facts } = of;
  return {
    ...facts,
    type: 'disconnected',
    id: of.id.replace('on', 'off') as EventId,
    connectedAt: of.at,
    at: (of.at + 30_000) as Timestamp,
    lastSeen: (of.at + 20_000) as Timestamp,
    uncertaintyMs: 10_000,
    reason: 'connection-lost',
    initiator: 'network',
    clean: false,
  };
}

/** Whether the last connection of a device stays. */
function stays(device: number): boolean {
  return device % 2 === 0;
}

async function churn(device: number): Promise<void> {
  for (let number = 0; number < connectionsOfEach; number += 1) {
    const one = connection(device, number);
    await deliver(one);
    // Repeated, as an adapter does that did not hear of the confirmation.
    if (number % 5 === 0) await deliver(one);
    await pause(20);
    if (number < connectionsOfEach - 1 || !stays(device)) await deliver(ending(one));
  }
}

interface History {
  readonly connections: readonly {
    readonly 'connection-id': string;
    readonly state: string;
    readonly ending?: { readonly 'event-id': string };
  }[];
}

async function historyOf(device: number): Promise<History['connections']> {
  const path = `/v1/tenants/${tenant}/devices/device-${device}/history?limit=1000`;
  const response = await fetch(stage.url + path);
  return ((await response.json()) as History).connections.toReversed();
}

function expectedHistory(device: number): History['connections'] {
  return Array.from({ length: connectionsOfEach }, (_, number) => {
    const one = connection(device, number);
    const isOpen = stays(device) && number === connectionsOfEach - 1;
    const id = one.connectionId;
    return isOpen
      ? { 'connection-id': id, state: 'open' }
      : { 'connection-id': id, state: 'ended', ending: { 'event-id': ending(one).id } };
  });
}

async function expectTheTruth(): Promise<void> {
  for (let device = 0; device < devices; device += 1) {
    await expect.poll(() => historyOf(device)).toHaveLength(connectionsOfEach);
    await expect.poll(() => historyOf(device)).toMatchObject(expectedHistory(device));
  }
  const service = presence({ url: stage.url });
  const statuses: string[] = [];
  for await (const { status } of service.all(tenant)) statuses.push(status);
  expect(statuses.filter((status) => status === 'online')).toHaveLength(devices / 2);
  expect(statuses.filter((status) => status === 'offline')).toHaveLength(devices / 2);
}

/** Hears each change, over all interruptions. */
function listen(): { readonly heard: PresenceNews[]; stop(): Promise<void> } {
  const over = new AbortController();
  const heard: PresenceNews[] = [];
  const reading = (async () => {
    for await (const news of presence({ url: stage.url }).watch(tenant, over.signal)) heard.push(news);
  })();
  return {
    heard,
    async stop() {
      over.abort();
      await reading;
    },
  };
}

/** What a reader knows of each device in the end. */
function lastHeard(heard: readonly PresenceNews[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const news of heard)
    if (news.type === 'reset') known.clear();
    else if (news.type !== 'snapshot-end') known.set(news.presence.device.device, news.presence.status);
  return known;
}

async function whileDevicesChurn(act: () => Promise<void>): Promise<void> {
  const churning = Promise.all(Array.from({ length: devices }, (_, device) => churn(device)));
  const over = new AbortController();
  void churning.finally(() => over.abort());
  while (!over.signal.aborted) await act();
  await churning;
}

async function expectReaderToKnow(heard: readonly PresenceNews[]): Promise<void> {
  await expect
    .poll(() => [...lastHeard(heard)].toSorted(([one], [other]) => (one < other ? -1 : 1)))
    .toEqual(
      Array.from({ length: devices }, (_, device) => [
        `device-${device}`,
        stays(device) ? 'online' : 'offline',
      ]).toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)),
    );
}

test('the service is killed again and again: nothing is lost, nothing is there twice, and readers go on without a gap', async () => {
  const { heard, stop } = listen();
  await expect.poll(() => heard.map(({ type }) => type)).toContain('snapshot-end');
  let kills = 0;
  await whileDevicesChurn(async () => {
    await pause(300);
    await stage.service.end('SIGKILL');
    await stage.service.start();
    kills += 1;
  });
  expect(kills).toBeGreaterThan(0);
  await expectTheTruth();
  await expectReaderToKnow(heard);
  // It never had to begin again: each change came once, in the order of the commits.
  expect(heard.filter(({ type }) => type === 'reset')).toHaveLength(1);
  const changes = heard.flatMap((news) => (news.type === 'change' ? [JSON.stringify(news.presence)] : []));
  expect(changes.filter((change, index) => change === changes[index + 1])).toEqual([]);
  await stop();
});

test('the network is killed: nothing is lost, nothing is there twice', async () => {
  const { heard, stop } = listen();
  let kills = 0;
  await whileDevicesChurn(async () => {
    await pause(300);
    if ((kills += 1) > 2) return;
    await stage.network.end('SIGKILL');
    await stage.network.start();
  });
  expect(kills).toBeGreaterThan(1);
  await expectTheTruth();
  await expectReaderToKnow(heard);
  await stop();
});

test('a service that is asked to stop, and started again, goes on where it was', async () => {
  let stops = 0;
  await whileDevicesChurn(async () => {
    stops += 1;
    await pause(400);
    await stage.service.end('SIGTERM');
    await stage.service.start();
  });
  expect(stops).toBeGreaterThan(0);
  await expectTheTruth();
});

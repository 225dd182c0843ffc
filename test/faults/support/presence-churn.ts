import { setTimeout as pause } from 'node:timers/promises';
import { presence, type PresenceNews } from '@rollcall/client/presence';
import { anEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type Timestamp } from '@rollcall/core';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import { expect } from 'vitest';
import { endingOf } from './ending-of.ts';
import type { PresenceStage } from './presence-stage.ts';
import { scale } from './scale.ts';

const tenant = 'acme';
const devices = scale({ quick: 16, soak: 30 });
const connectionsOfEach = 24;
const patience = { timeout: 300_000 };

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
  return endingOf(of, of.id.replace('on', 'off'));
}

/** Whether the last connection of a device stays. */
function stays(device: number): boolean {
  return device % 2 === 0;
}

async function churn({ deliver }: PresenceStage, device: number, mayEnd: Promise<void>): Promise<void> {
  for (let number = 0; number < connectionsOfEach; number += 1) {
    if (number === connectionsOfEach - 1) await mayEnd;
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

async function historyOf(url: string, device: number): Promise<History['connections']> {
  const path = `/v1/tenants/${tenant}/devices/device-${device}/history?limit=1000`;
  const response = await fetch(url + path);
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

/** In order of the connections' ids. */
function expectedEndings(): readonly string[] {
  return Array.from({ length: devices }, (_, device) => expectedHistory(device))
    .flat()
    .flatMap(({ 'connection-id': id, state }) => (state === 'ended' ? [id] : []))
    .toSorted();
}

/** Each ending is told once, whoever of the replicas folded it, and counted once. */
async function expectEndings(url: string): Promise<void> {
  const service = presence({ url });
  const period = { from: new Date(begin), to: new Date() };
  const told = async (): Promise<readonly string[]> => {
    const ids: string[] = [];
    for await (const { ending: each } of service.endings(tenant, period)) ids.push(each.connectionId);
    return ids.toSorted();
  };
  const counted = async (): Promise<number> => {
    const { endings } = await service.timeline(tenant, period);
    return [...endings.values()].reduce((sum, count) => sum + count, 0);
  };
  await expect.poll(told, patience).toEqual(expectedEndings());
  await expect.poll(counted, patience).toBe(expectedEndings().length);
}

/** Each connection is there once, with both ends, and each device is as it was left. */
export async function expectTheTruth(url: string): Promise<void> {
  for (let device = 0; device < devices; device += 1) {
    await expect.poll(() => historyOf(url, device), patience).toHaveLength(connectionsOfEach);
    await expect.poll(() => historyOf(url, device), patience).toMatchObject(expectedHistory(device));
  }
  await expectEndings(url);
  const service = presence({ url });
  const statuses: string[] = [];
  for await (const { status } of service.all(tenant)) statuses.push(status);
  expect(statuses.filter((status) => status === 'online')).toHaveLength(devices / 2);
  expect(statuses.filter((status) => status === 'offline')).toHaveLength(devices / 2);
}

/** Hears each change, over all interruptions. */
export function listen(url: string): { readonly heard: PresenceNews[]; stop(): Promise<void> } {
  const over = new AbortController();
  const heard: PresenceNews[] = [];
  const reading = (async () => {
    for await (const news of presence({ url }).watch(tenant, over.signal)) heard.push(news);
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

/**
 * Acts again and again, `atLeast` so often, while devices come and go: none comes for the last time before. Resolves with how often it
 * acted.
 */
export async function whileDevicesChurn(
  stage: PresenceStage,
  atLeast: number,
  act: () => Promise<void>,
): Promise<number> {
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>();
  const churning = Promise.all(Array.from({ length: devices }, (_, device) => churn(stage, device, mayEnd)));
  const over = new AbortController();
  // What fails is thrown below.
  const end = (): void => over.abort();
  void churning.then(end, end);
  let acts = 0;
  while (!over.signal.aborted) {
    await act();
    acts += 1;
    if (acts === atLeast) letEnd();
  }
  await churning;
  return acts;
}

export async function expectReaderToKnow(heard: readonly PresenceNews[]): Promise<void> {
  await expect
    .poll(() => [...lastHeard(heard)].toSorted(([one], [other]) => (one < other ? -1 : 1)), patience)
    .toEqual(
      Array.from({ length: devices }, (_, device) => [
        `device-${device}`,
        stays(device) ? 'online' : 'offline',
      ]).toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)),
    );
}

import type { AmqpConnection } from '@rollcall/amqp-connection';
import { createTestBed, untilRead, type ScriptedPeer, type Verdict } from '@rollcall/amqp-connection/testing';
import {
  anOutboundEvent,
  describeSink,
  ManualClock,
  recordingLog,
  seededRandom,
} from '@rollcall/conformance';
import { deviceRef, type Timestamp } from '@rollcall/core';
import type { DeviceMessage } from '@rollcall/core/device-data';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { afterEach, describe, expect, test } from 'vitest';
import { createMessaging } from './create-messaging.ts';
import { createDeviceDataSender } from './device-data-sender.ts';
import { createEventsSink } from './events-sink.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

async function givenAPeer(): Promise<{ peer: ScriptedPeer; connection: AmqpConnection; clock: ManualClock }> {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  await connection.whenConnected();
  return { peer, connection, clock };
}

/** The result of `answer` when the peer gets the message, or only the attach, and then is silent for a while. */
async function afterSilence<T>(answer: Promise<T>, arrived: () => number, clock: ManualClock): Promise<T> {
  await expect.poll(arrived).toBe(1);
  clock.advance(10_000);
  return answer;
}

const unhurried = new AbortController().signal;

describeSink('events', async () => {
  const { peer, connection } = await givenAPeer();
  return {
    sink: createEventsSink({ connection, sendTimeoutMs: 5_000 }),
    received: async () => peer.received.map(({ message }) => String(message.message_id)),
  };
});

describe('a connection event', () => {
  test('is sent as a durable message to the address of its tenant', async () => {
    const { peer, connection } = await givenAPeer();
    const sink = createEventsSink({ connection, sendTimeoutMs: 5_000 });
    await sink.deliver(anOutboundEvent('e1'), unhurried);
    expect(peer.received).toMatchObject([
      { address: 'event/acme', message: { durable: true, message_id: 'e1' } },
    ]);
  });

  test('carries the settings of its tenant, and whether it is an announcement', async () => {
    const { peer, connection } = await givenAPeer();
    const sink = createEventsSink({ connection, sendTimeoutMs: 5_000 });
    const { event } = anOutboundEvent('e1');
    const downstream = { defaults: { region: 'eu' }, maxTtlSeconds: 60 };
    await sink.deliver({ event, downstream, announcement: true }, unhurried);
    await sink.deliver({ event, downstream }, unhurried);
    const [announced, told] = peer.received.map(({ message }) => message);
    expect(announced).toMatchObject({
      ttl: 60_000,
      application_properties: { region: 'eu', rollcall_announcement: true },
    });
    expect(told).toMatchObject({ ttl: 60_000, message_id: 'e1' });
    expect(told?.application_properties).not.toHaveProperty('rollcall_announcement');
  });

  test('that cannot be encoded is refused', async () => {
    const { peer, connection } = await givenAPeer();
    const sink = createEventsSink({ connection, sendTimeoutMs: 5_000 });
    const { event, downstream } = anOutboundEvent('e1');
    const broken = { ...event, id: undefined } as never;
    expect(await sink.deliver({ event: broken, downstream }, unhurried)).toMatchObject({ status: 'refused' });
    expect((await sink.deliver(anOutboundEvent('e2'), unhurried)).status).toBe('delivered');
    expect(peer.received).toHaveLength(1);
  });

  test.each<[string, Verdict, string]>([
    ['accepted', 'accepted', 'delivered'],
    ['accepted, not settled', 'accepted-unsettled', 'delivered'],
    ['settled, and nothing said', 'settled-without-outcome', 'retryable'],
    ['released', 'released', 'retryable'],
    ['modified', { modified: { undeliverableHere: false } }, 'retryable'],
    ['undeliverable here', { modified: { undeliverableHere: true } }, 'refused'],
    ['queue full', { rejected: 'amqp:resource-limit-exceeded' }, 'retryable'],
    ['internal error', { rejected: 'amqp:internal-error' }, 'retryable'],
    ['not allowed', { rejected: 'amqp:not-allowed' }, 'refused'],
    ['no outcome', 'silence', 'retryable'],
  ])('with the outcome "%s" is %s', async (_what, verdict, status) => {
    const { peer, connection, clock } = await givenAPeer();
    peer.verdict = () => verdict;
    const sink = createEventsSink({ connection, sendTimeoutMs: 1_000 });
    const answer = sink.deliver(anOutboundEvent('e1'), unhurried);
    if (verdict === 'silence') await afterSilence(answer, () => peer.received.length, clock);
    expect((await answer).status).toBe(status);
    expect(peer.received, 'a sink never sends again').toHaveLength(1);
  });

  test('is retryable without credit, with a refused address and after a lost connection', async () => {
    const { peer, connection, clock } = await givenAPeer();
    peer.refused.set('event/umbrella', 'amqp:unauthorized-access');
    const sink = createEventsSink({ connection, sendTimeoutMs: 1_000 });
    const elsewhere = anOutboundEvent('e2', { device: deviceRef('umbrella', 'd') });
    expect(await sink.deliver(elsewhere, unhurried)).toMatchObject({ status: 'retryable' });
    peer.credit = 0;
    const starved = sink.deliver(anOutboundEvent('e1'), unhurried);
    const attached = () => peer.attached.filter((address) => address === 'event/acme').length;
    expect(await afterSilence(starved, attached, clock)).toMatchObject({ status: 'retryable' });
    const lost = sink.deliver(anOutboundEvent('e3'), unhurried);
    expect(sink.connected?.()).toBe(true);
    await peer.close();
    await expect.poll(() => sink.connected?.()).toBe(false);
    clock.advance(10_000);
    expect(await lost).toMatchObject({ status: 'retryable' });
  });

  test('that was refused waits for its next try, and one whose attach was not answered until there is an answer', async () => {
    const { peer, connection, clock } = await givenAPeer();
    await connection.whenConnected();
    peer.refused.set('event/umbrella', 'amqp:unauthorized-access');
    const sink = createEventsSink({ connection, sendTimeoutMs: 1_000 });
    const elsewhere = anOutboundEvent('e1', { device: deviceRef('umbrella', 'd') });
    expect(await sink.deliver(elsewhere, unhurried)).not.toHaveProperty('unreachable');
    peer.fallSilent();
    const attached = () => peer.attached.filter((address) => address === 'event/acme').length;
    const unanswered = sink.deliver(anOutboundEvent('e2'), unhurried);
    expect(await afterSilence(unanswered, attached, clock)).toMatchObject({
      status: 'retryable',
      unreachable: true,
    });
  });

  test('is given back when the caller aborts', async () => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = () => 'silence';
    const aborts = new AbortController();
    const answer = createEventsSink({ connection, sendTimeoutMs: 1_000 }).deliver(
      anOutboundEvent('e1'),
      aborts.signal,
    );
    await expect.poll(() => peer.received.length).toBe(1);
    aborts.abort();
    expect(await answer).toMatchObject({ status: 'retryable' });
  });
});

describe('device data', () => {
  const message: DeviceMessage = {
    endpoint: 'telemetry',
    device: deviceRef('acme', 'd1'),
    qos: 1,
    contentType: 'text/plain',
    payload: new TextEncoder().encode('21.5'),
    creationTime: 1_700_000_000_000 as Timestamp,
    origAdapter: 'hono-mqtt',
    origAddress: 'telemetry',
    traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };

  async function givenASender() {
    const { peer, connection, clock } = await givenAPeer();
    const sender = createDeviceDataSender({
      connection,
      random: systemRandom,
      sendTimeoutMs: 1_000,
      creditWaitMs: 1_000,
    });
    return { peer, connection, clock, sender };
  }

  test('has message ids that no other sender repeats, beside it or after a restart', async () => {
    const { peer, connection, sender } = await givenASender();
    const options = { random: systemRandom, sendTimeoutMs: 1_000, creditWaitMs: 1_000 };
    const beside = createDeviceDataSender({ connection, ...options });
    const event: DeviceMessage = { ...message, endpoint: 'event' };
    for (const each of [sender, beside])
      for (const sent of [message, message, event])
        expect(await each.send(sent)).toEqual({ status: 'accepted' });
    await sender.close();
    const again = bed.connectTo(peer.port);
    await again.whenConnected();
    const restarted = createDeviceDataSender({ connection: again, ...options });
    for (const sent of [message, message, event])
      expect(await restarted.send(sent)).toEqual({ status: 'accepted' });
    const ids = peer.received.map(({ message: each }) => each.message_id);
    expect(ids).toHaveLength(9);
    expect(new Set(ids).size).toBe(9);
  });

  test('of a busy device, or of a gateway for many, does not keep other devices waiting', async () => {
    const { peer, sender } = await givenASender();
    peer.credit = 10;
    const flood = (name: string, index: number): DeviceMessage =>
      name === 'gateway'
        ? { ...message, device: deviceRef('acme', `child-${index}`), by: deviceRef('acme', 'gateway') }
        : { ...message, device: deviceRef('acme', name) };
    const floods = ['busy', 'gateway'].flatMap((name) =>
      Array.from({ length: 500 }, (_, index) => sender.send(flood(name, index))),
    );
    await expect.poll(() => peer.received.length).toBe(10);
    const quiet = sender.send({ ...message, device: deviceRef('acme', 'quiet') });
    peer.grant('telemetry/acme', 3);
    expect(await quiet).toEqual({ status: 'accepted' });
    peer.grant('telemetry/acme', 2_000);
    expect(new Set((await Promise.all(floods)).map(({ status }) => status))).toEqual(new Set(['accepted']));
  });

  test('goes to the address of its endpoint and tenant', async () => {
    const { peer, sender } = await givenASender();
    expect(await sender.send(message)).toEqual({ status: 'accepted' });
    expect(await sender.send({ ...message, endpoint: 'event' })).toEqual({ status: 'accepted' });
    expect(peer.received.map(({ address }) => address)).toEqual(['telemetry/acme', 'event/acme']);
    expect(new Set(peer.received.map(({ message: each }) => each.message_id)).size).toBe(2);
  });

  // The texts and codes of `docs/hono-compatibility.md` §4.
  test.each<[Verdict, number, string]>([
    ['released', 503, "consumer didn't process the message"],
    [{ modified: { undeliverableHere: false } }, 503, "consumer didn't process the message"],
    [{ modified: { undeliverableHere: true } }, 404, 'consumer declared message as undeliverable'],
    [
      { rejected: 'amqp:resource-limit-exceeded' },
      503,
      'consumer rejected the message because a resource limit',
    ],
    [{ rejected: 'amqp:unauthorized-access' }, 403, 'by the script'],
    [{ rejected: 'amqp:internal-error' }, 500, 'Internal server error'],
    [{ rejected: 'hono:bad-request' }, 400, 'by the script'],
    ['silence', 503, 'consumer failed to indicate in time'],
    ['settled-without-outcome', 500, 'Internal server error'],
    ['accepted-unsettled', 500, 'Internal server error'],
  ])('with the outcome %j fails with status %i', async (verdict, status, text) => {
    const { peer, sender, clock } = await givenASender();
    peer.verdict = () => verdict;
    const outcome = sender.send(message);
    if (verdict === 'silence') await afterSilence(outcome, () => peer.received.length, clock);
    expect(await outcome).toEqual({
      status: 'failed',
      failure: { status, text: expect.stringContaining(text) },
    });
  });

  test('of QoS 0 is done once handed over, but fails when there is no consumer', async () => {
    const { peer, sender, clock, connection } = await givenASender();
    peer.verdict = () => 'silence';
    expect(await sender.send({ ...message, qos: 0 })).toEqual({ status: 'accepted' });
    peer.credit = 0;
    const unheard = sender.send({ ...message, qos: 0, device: deviceRef('umbrella', 'd') });
    await expect.poll(() => peer.attached).toContain('telemetry/umbrella');
    await untilRead(peer, connection);
    clock.advance(10_000);
    expect(await unheard).toEqual({
      status: 'failed',
      failure: { status: 503, text: 'no consumer available' },
    });
  });

  test('fails at once while there is no connection', async () => {
    const { sender, connection } = await givenASender();
    await connection.close();
    expect(await sender.send(message)).toEqual({
      status: 'failed',
      failure: { status: 503, text: 'Temporarily unavailable' },
    });
  });

  test('fails with status 503 when its address is refused', async () => {
    const { peer, sender } = await givenASender();
    peer.refused.set('telemetry/acme', 'amqp:not-found');
    expect(await sender.send(message)).toMatchObject({ failure: { status: 503 } });
  });
});

test('connection events and device data use separate connections', async () => {
  const { peer } = await bed.givenAPeer();
  const log = recordingLog();
  const messaging = createMessaging({
    host: '127.0.0.1',
    port: peer.port,
    containerName: 'mqtt-0',
    clock: systemClock,
    random: seededRandom(1),
    log,
    sendTimeoutMs: 1_000,
  });
  const sink = messaging.eventsSink();
  bed.own(sink);
  bed.own(messaging.sender);
  await expect.poll(() => sink.connected?.() && messaging.sender.connected()).toBe(true);
  const roles = peer.containerIds.map((id) => id.replace(/-[0-9a-f-]{36}$/, ''));
  expect(roles.toSorted()).toEqual(['mqtt-0-downstream', 'mqtt-0-events', 'test']);
  // Otherwise an operator would see the same line twice.
  const told = log.lines.flatMap(({ facts, message }) =>
    message === 'connected to the messaging network' ? [(facts as { role?: string }).role] : [],
  );
  expect(new Set(told)).toEqual(new Set(['downstream', 'events']));
  expect(told).toHaveLength(2);
});

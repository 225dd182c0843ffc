import { createAmqpConnection, type AmqpConnection } from '@rollcall/amqp-connection';
import { startScriptedPeer, type ScriptedPeer, type Verdict } from '@rollcall/amqp-connection/testing';
import { anOutboundEvent, describeSink, seededRandom } from '@rollcall/conformance';
import { deviceRef, silentLog, systemClock, type DeviceMessage, type Timestamp } from '@rollcall/core';
import { afterEach, describe, expect, test } from 'vitest';
import { addressFor } from './address-template.ts';
import { createDeviceDataSender } from './device-data-sender.ts';
import { createEventsSink } from './events-sink.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function givenAPeer(): Promise<{ peer: ScriptedPeer; connection: AmqpConnection }> {
  const peer = await startScriptedPeer();
  const connection = createAmqpConnection({
    host: '127.0.0.1',
    port: peer.port,
    containerName: 'test',
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  });
  open.push(peer, connection);
  await connection.whenConnected();
  return { peer, connection };
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
  test('goes, durable, to the address of its tenant', async () => {
    const { peer, connection } = await givenAPeer();
    const sink = createEventsSink({ connection, sendTimeoutMs: 5_000 });
    await sink.deliver(anOutboundEvent('e1'), unhurried);
    expect(peer.received).toMatchObject([
      { address: 'event/acme', message: { durable: true, message_id: 'e1' } },
    ]);
  });

  test.each<[string, Verdict, string]>([
    ['accepted', 'accepted', 'delivered'],
    ['released', 'released', 'retryable'],
    ['modified', { modified: { undeliverableHere: false } }, 'retryable'],
    ['undeliverable here', { modified: { undeliverableHere: true } }, 'refused'],
    ['queue full', { rejected: 'amqp:resource-limit-exceeded' }, 'retryable'],
    ['internal error', { rejected: 'amqp:internal-error' }, 'retryable'],
    ['not allowed', { rejected: 'amqp:not-allowed' }, 'refused'],
    ['no outcome', 'silence', 'retryable'],
  ])('%s: %s', async (_what, verdict, status) => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = () => verdict;
    const sink = createEventsSink({ connection, sendTimeoutMs: 100 });
    expect((await sink.deliver(anOutboundEvent('e1'), unhurried)).status).toBe(status);
    expect(peer.received, 'a sink never sends again').toHaveLength(1);
  });

  test('no credit, a refused address and a lost connection are worth another try', async () => {
    const { peer, connection } = await givenAPeer();
    peer.refused.set('event/umbrella', 'amqp:unauthorized-access');
    const sink = createEventsSink({ connection, sendTimeoutMs: 100 });
    const elsewhere = anOutboundEvent('e2', { device: deviceRef('umbrella', 'd') });
    expect(await sink.deliver(elsewhere, unhurried)).toMatchObject({ status: 'retryable' });
    peer.credit = 0;
    expect(await sink.deliver(anOutboundEvent('e1'), unhurried)).toMatchObject({ status: 'retryable' });
    await peer.close();
    expect(await sink.deliver(anOutboundEvent('e3'), unhurried)).toMatchObject({ status: 'retryable' });
    expect(sink.connected?.()).toBe(false);
    open.shift();
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
    const { peer, connection } = await givenAPeer();
    return {
      peer,
      connection,
      sender: createDeviceDataSender({ connection, sendTimeoutMs: 100, creditWaitMs: 100 }),
    };
  }

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
  ])('%j is a failure with status %i', async (verdict, status, text) => {
    const { peer, sender } = await givenASender();
    peer.verdict = () => verdict;
    expect(await sender.send(message)).toEqual({
      status: 'failed',
      failure: { status, text: expect.stringContaining(text) },
    });
  });

  test('of QoS 0 is done once handed over, and fails all the same where nobody consumes', async () => {
    const { peer, sender } = await givenASender();
    peer.verdict = () => 'silence';
    expect(await sender.send({ ...message, qos: 0 })).toEqual({ status: 'accepted' });
    peer.credit = 0;
    expect(await sender.send({ ...message, qos: 0, device: deviceRef('umbrella', 'd') })).toEqual({
      status: 'failed',
      failure: { status: 503, text: 'no consumer available' },
    });
  });

  test('is refused at once while there is no connection', async () => {
    const { sender, connection } = await givenASender();
    await connection.close();
    expect(await sender.send(message)).toEqual({
      status: 'failed',
      failure: { status: 503, text: 'Temporarily unavailable' },
    });
  });

  test('a refused address is "unavailable" for the device', async () => {
    const { peer, sender } = await givenASender();
    peer.refused.set('telemetry/acme', 'amqp:not-found');
    expect(await sender.send(message)).toMatchObject({ failure: { status: 503 } });
  });
});

test.each([
  ['event/{tenant}', 'T/1', 'event/T/1'],
  ['/queue/event%2F{tenant:pct}', 'T 1/x', '/queue/event%2FT%201%2Fx'],
])('%s for %s', (template, tenant, address) => {
  expect(addressFor(template, tenant)).toBe(address);
});

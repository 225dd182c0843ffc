import { fileURLToPath } from 'node:url';
import { createMessaging, type Messaging } from '@rollcall/amqp-sender';
import { anOutboundEvent } from '@rollcall/conformance';
import { deviceRef, type Timestamp } from '@rollcall/core';
import type { DeviceMessage } from '@rollcall/core/device-data';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { EventSink } from '@rollcall/core/sink';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventuallyNone } from '../faults/support/eventually.ts';
import { foreignProcess, type ForeignProcess } from './networks/foreign-process.ts';
import { freePort } from '../e2e/support/ports.ts';
import { debianPython, hasPackage } from './support.ts';

// Everything that a network can say to a sender, said by an implementation that is not ours.

const script = fileURLToPath(new URL('deciding_peer.py', import.meta.url));
const unhurried = new AbortController().signal;

describe.runIf(hasPackage('python3-qpid-proton'))('outcomes of a network on Qpid Proton', () => {
  const port = freePort();
  let peer: ForeignProcess;
  let messaging: Messaging;
  let sink: EventSink;

  beforeAll(async () => {
    peer = foreignProcess({ command: debianPython, args: [script, String(port)], port });
    await peer.start();
    messaging = createMessaging({
      host: '127.0.0.1',
      port,
      containerName: 'outcomes',
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      sendTimeoutMs: 1_000,
    });
    sink = messaging.eventsSink();
    await eventuallyNone(() => (sink.connected?.() && messaging.sender.connected() ? [] : ['not connected']));
  });
  afterAll(async () => {
    await sink.close();
    await messaging.sender.close();
    await peer.end('SIGKILL');
  });

  test.each([
    ['accepted', 'delivered', ''],
    ['released', 'retryable', 'released'],
    ['modified', 'retryable', 'modified'],
    ['undeliverable', 'refused', 'modified: undeliverable here'],
    ['rejected', 'refused', 'rejected: amqp:not-allowed never'],
    ['full', 'retryable', 'rejected: amqp:resource-limit-exceeded queue is full'],
    ['silent', 'retryable', 'timeout'],
    ['starved', 'retryable', 'no-credit'],
    ['refused', 'retryable', 'link refused: amqp:unauthorized-access not for you'],
  ])('the sink reports the right outcome of an event that is %s', async (tenant, status, cause) => {
    const event = anOutboundEvent('e1', { device: deviceRef(tenant, 'd1') });
    const delivery = await sink.deliver(event, unhurried);
    expect(delivery.status).toBe(status);
    if (delivery.status !== 'delivered') expect(delivery.cause.message).toBe(cause);
  });

  test.each([
    ['accepted', undefined],
    ['released', 503],
    ['modified', 503],
    ['undeliverable', 404],
    ['rejected', 400],
    ['full', 503],
    ['silent', 503],
    ['starved', 503],
    ['refused', 503],
  ])('a device gets the right status for telemetry that is %s', async (tenant, status) => {
    const message: DeviceMessage = {
      endpoint: 'telemetry',
      device: deviceRef(tenant, 'd1'),
      qos: 1,
      contentType: 'text/plain',
      payload: Buffer.from('21.5'),
      creationTime: Date.now() as Timestamp,
      origAdapter: 'hono-mqtt',
      origAddress: 'telemetry',
      traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const outcome = await messaging.sender.send(message);
    expect(outcome.status === 'failed' ? outcome.failure.status : undefined).toBe(status);
  });

  test('outcomes of different kinds in one turn reach the right messages', async () => {
    const tenants = ['accepted', 'rejected', 'released', 'accepted', 'full', 'modified', 'accepted'];
    const statuses = await Promise.all(
      tenants.map(async (tenant, index) => {
        const event = anOutboundEvent(`e${index}`, { device: deviceRef(tenant, 'd1') });
        return (await sink.deliver(event, unhurried)).status;
      }),
    );
    expect(statuses).toEqual([
      'delivered',
      'refused',
      'retryable',
      'delivered',
      'retryable',
      'retryable',
      'delivered',
    ]);
  });
});

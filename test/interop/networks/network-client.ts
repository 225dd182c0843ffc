import { setTimeout as pause } from 'node:timers/promises';
import { createMessaging, type NetworkChoice } from '@rollcall/amqp-sender';
import { anOutboundEvent } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { EventSink } from '@rollcall/core/sink';
import type { InteropNetwork } from './interop-network.ts';

const unhurried = new AbortController().signal;
const betweenTriesMs = 100;

/** The sink for the Events API of a network, as adapters have it. */
export function openEventsSink(network: InteropNetwork, differences: Partial<NetworkChoice> = {}): EventSink {
  const messaging = createMessaging({
    host: '127.0.0.1',
    port: network.port,
    containerName: 'interop',
    network: { ...network.choice, ...differences },
    ...network.credentials,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    sendTimeoutMs: 1_000,
    redial: { minDelayMs: 0, maxDelayMs: 500, incrementMs: 100 },
  });
  void messaging.sender.close();
  return messaging.eventsSink();
}

/** What became of one try to deliver: `delivered`, or why not. */
export async function deliverOnce(sink: EventSink, tenant: string, id: string): Promise<string> {
  const delivery = await sink.deliver(
    anOutboundEvent(id, { device: deviceRef(tenant, 'device-1') }),
    unhurried,
  );
  return delivery.status === 'delivered' ? delivery.status : `${delivery.status}: ${delivery.cause.message}`;
}

/** Tries until it is delivered, as the kit does; adds to `causes` why it was not. Gives up where it is refused. */
export async function deliverAtLast(
  sink: EventSink,
  tenant: string,
  id: string,
  causes: string[] = [],
): Promise<void> {
  for (;;) {
    const said = await deliverOnce(sink, tenant, id);
    if (said === 'delivered') return;
    causes.push(said);
    if (said.startsWith('refused')) throw new Error(`${id}: ${said}`);
    await pause(betweenTriesMs);
  }
}

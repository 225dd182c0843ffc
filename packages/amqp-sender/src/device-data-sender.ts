import type { AmqpConnection, SendOptions } from '@rollcall/amqp-connection';
import type { DeviceDataSender } from '@rollcall/core';
import { encodeDeviceMessage } from '@rollcall/core/wire';
import { addressTemplate } from './address-template.ts';
import { createLinksByAddress } from './links-by-address.ts';
import { uploadOutcome } from './upload-failures.ts';

export interface DeviceDataSenderOptions {
  readonly connection: AmqpConnection;
  /** Default `telemetry/{tenant}`. */
  readonly telemetryAddress?: string;
  /** Default `event/{tenant}`. */
  readonly eventAddress?: string;
  /** Longest wait for an outcome. */
  readonly sendTimeoutMs: number;
  /** Longest wait for a link and for credit on it: without, nobody consumes. */
  readonly creditWaitMs: number;
}

const outcome: SendOptions = { awaitOutcome: true };
const handedOver: SendOptions = { awaitOutcome: false };
const unconnected = uploadOutcome({ status: 'disconnected' });

/** Telemetry and events of devices, with the outcome that Hono's adapters report. */
export function createDeviceDataSender(options: DeviceDataSenderOptions): DeviceDataSender {
  const { connection } = options;
  const addresses = {
    telemetry: addressTemplate(options.telemetryAddress ?? 'telemetry/{tenant}'),
    event: addressTemplate(options.eventAddress ?? 'event/{tenant}'),
  } as const;
  const links = createLinksByAddress(connection, {
    creditWaitMs: options.creditWaitMs,
    outcomeTimeoutMs: options.sendTimeoutMs,
  });
  let sent = 0;
  let closed = false;

  return {
    send: (message) =>
      new Promise((resolve) => {
        if (closed || !connection.connected()) return resolve(unconnected);
        sent += 1;
        const link = links.get(addresses[message.endpoint](message.device.tenant));
        const encoded = encodeDeviceMessage(message, `rollcall-${sent}`);
        const until = message.endpoint === 'event' || message.qos === 1 ? outcome : handedOver;
        return link.submit(encoded, until, (told) => resolve(uploadOutcome(told)));
      }),
    connected: () => connection.connected(),
    async close() {
      if (closed) return;
      closed = true;
      await links.close();
      await connection.close();
    },
  };
}

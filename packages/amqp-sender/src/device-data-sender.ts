import type { AmqpConnection } from '@rollcall/amqp-connection';
import { deviceKey } from '@rollcall/core';
import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { Random } from '@rollcall/core/environment';
import { encodeDeviceMessage } from '@rollcall/hono-wire';
import { createMessageIds } from './message-ids.ts';
import type { NetworkOptions } from './messaging-network.ts';
import { createNetworkLinks } from './network-links.ts';
import { networkPresets } from './network-presets.ts';
import { uploadOutcome } from './upload-failures.ts';

export interface DeviceDataSenderOptions {
  readonly connection: AmqpConnection;
  /** Makes the ids of messages unique. */
  readonly random: Random;
  /** Default: that of Eclipse Hono. */
  readonly network?: NetworkOptions;
  /** Longest wait for an outcome. */
  readonly sendTimeoutMs: number;
  /** Longest wait for a link and for credit on it: without credit there is no consumer. */
  readonly creditWaitMs: number;
}

const unconnected = uploadOutcome({ status: 'disconnected' });

/** Telemetry and events of devices, with the outcome that Hono's adapters report. */
export function createDeviceDataSender(options: DeviceDataSenderOptions): DeviceDataSender {
  const { connection, network = networkPresets.hono } = options;
  const links = createNetworkLinks(connection, network, {
    creditWaitMs: options.creditWaitMs,
    outcomeTimeoutMs: options.sendTimeoutMs,
  });
  const nextMessageId = createMessageIds(options.random);
  let closed = false;

  return {
    send: (message) =>
      new Promise((resolve) => {
        if (closed || !connection.connected()) return resolve(unconnected);
        const { endpoint, device, by, qos } = message;
        const encoded = encodeDeviceMessage(message, nextMessageId());
        const awaitOutcome = endpoint === 'event' || qos === 1;
        const turn = deviceKey(by ?? device);
        return links.submit(endpoint, device, encoded, { awaitOutcome, turn }, (told) =>
          resolve(uploadOutcome(told)),
        );
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

import type { AmqpConnection } from '@rollcall/amqp-connection';
import type { SenderOptions, SendOptions, SendOutcome } from '@rollcall/amqp-connection/links';
import type { DeviceRef } from '@rollcall/core';
import { withFields, type MessageFields } from '@rollcall/hono-wire/internal';
import { createLinksByAddress } from './links-by-address.ts';
import type { NetworkOptions } from './messaging-network.ts';
import { template } from './template.ts';

type Endpoint = 'telemetry' | 'event';

/** Sends messages to the addresses of the network. */
export interface NetworkLinks {
  /** Sends a bare message; `done` is called once. See `SenderLink.submit`. */
  submit(
    endpoint: Endpoint,
    device: DeviceRef,
    message: Uint8Array,
    options: SendOptions,
    done: (outcome: SendOutcome) => void,
  ): void;
  close(): Promise<void>;
}

export function createNetworkLinks(
  connection: AmqpConnection,
  network: NetworkOptions,
  waits: Pick<SenderOptions, 'creditWaitMs' | 'outcomeTimeoutMs' | 'gatherMs' | 'onReachable'>,
): NetworkLinks {
  const relayed = network.links === 'anonymous-relay';
  const address = {
    telemetry: template(network.telemetryAddress),
    event: template(network.eventAddress),
  } as const;
  const fields = fieldsOf(network);

  const durable = network.targetDurability;
  const target = {
    telemetry: { durable, capabilities: network.telemetryCapabilities },
    event: { durable, capabilities: network.eventCapabilities },
  } as const;
  const links = createLinksByAddress(connection, {
    ...waits,
    ownSession: network.sessions === 'per-address',
  });

  return {
    submit(endpoint, device, message, options, done) {
      const to = address[endpoint](device);
      const asked = fields(device, relayed ? to : undefined);
      // The anonymous terminus has neither capabilities nor durability.
      const link = relayed ? links.get(undefined) : links.get(to, target[endpoint]);
      link.submit(asked ? withFields(message, asked) : message, options, done);
    },
    close: () => links.close(),
  };
}

/** The fields that messages of a device get in this network; usually none. */
function fieldsOf({
  subject,
  annotations = {},
}: NetworkOptions): (device: DeviceRef, to: string | undefined) => MessageFields | undefined {
  const fillSubject = subject === undefined ? undefined : template(subject);
  const fillAnnotations = Object.entries(annotations).map(([name, text]) => [name, template(text)] as const);
  return (device, to) => {
    if (to === undefined && !fillSubject && fillAnnotations.length === 0) return undefined;
    return {
      ...(to !== undefined && { to }),
      ...(fillSubject && { subject: fillSubject(device) }),
      ...(fillAnnotations.length > 0 && {
        annotations: new Map(fillAnnotations.map(([name, fill]) => [name, fill(device)])),
      }),
    };
  };
}

import { deviceRef, type Timestamp } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { connected, connectionId, disconnected } from '../received.ts';

/** Events of three devices of the tenant acme: `gone` came over AMQP and left, `here` is connected, `here-too` since 50 ms later. */
export function threeDevices(at: Timestamp): readonly ReceivedEvent[] {
  const gone = connected({ device: deviceRef('acme', 'gone'), connectionId: connectionId(1), at });
  return [
    gone,
    disconnected(gone, { protocol: 'AMQP 1.0' }),
    connected({ device: deviceRef('acme', 'here'), connectionId: connectionId(2), at }),
    connected({
      device: deviceRef('acme', 'here-too'),
      connectionId: connectionId(3),
      at: (at + 50) as Timestamp,
    }),
  ];
}

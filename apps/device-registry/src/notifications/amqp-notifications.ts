import { createAmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
import type { SenderLink } from '@rollcall/amqp-connection/links';
import { encodeNotification } from '@rollcall/hono-wire/internal';
import type { NotificationLink } from './notification-lane.ts';
import type { Notification } from './notification.ts';

export interface AmqpNotificationsOptions extends AmqpConnectionOptions {
  /** How many ms to wait for the outcome of a notification. */
  readonly sendTimeoutMs: number;
  /** Called when sending to this address may succeed: the connection is back, or there is a subscriber. */
  onReachable(address: Notification['address']): void;
}

export interface AmqpNotifications extends NotificationLink {
  connected(): boolean;
  close(): Promise<void>;
}

/** Sends notifications over a messaging network, as Hono's registry does: to addresses that reach all subscribers. */
export function openAmqpNotifications(options: AmqpNotificationsOptions): AmqpNotifications {
  const { sendTimeoutMs, linkTimeoutMs = 1_000, onReachable } = options;
  const connection = createAmqpConnection({ ...options, role: 'notifications' });
  const links = new Map<string, SenderLink>();

  function linkTo(address: Notification['address']): SenderLink {
    const known = links.get(address);
    if (known) return known;
    const link = connection.openSender(address, {
      creditWaitMs: linkTimeoutMs,
      outcomeTimeoutMs: sendTimeoutMs,
      onReachable: () => onReachable(address),
    });
    links.set(address, link);
    return link;
  }

  return {
    connected: () => connection.connected(),
    whenConnected: (signal) => connection.whenConnected(signal),
    send: ({ address, body }) => linkTo(address).send(encodeNotification(address, body)),
    close: () => connection.close(),
  };
}

import { checkRhea } from '@rollcall/rhea-internals';
import type { AmqpConnectionOptions } from './options.ts';
import { openOwnSessionReceiver, openOwnSessionSender } from './own-session.ts';
import { openReceiver } from './receiver-link.ts';
import type { ReceiverLink, ReceiverOptions } from './receiver-options.ts';
import { RedialledConnection } from './redialled-connection.ts';
import { createSenderLink } from './sender-link.ts';
import type { SenderLink, SenderOptions } from './sender-options.ts';

/** A connection that is opened again whenever it is lost, until it is closed. */
export interface AmqpConnection {
  connected(): boolean;
  /** Resolves once there is a connection; rejects when `signal` aborts or the connection is closed first. */
  whenConnected(signal?: AbortSignal): Promise<void>;
  /**
   * A link that survives the connection: it attaches when there is something to send. Without an address it is one to the
   * anonymous terminus, and each message says in `to` where it goes.
   */
  openSender(address: string | undefined, options: SenderOptions): SenderLink;
  /** A link that survives the connection: it attaches whenever there is one. */
  openReceiver(address: string, options: ReceiverOptions): ReceiverLink;
  close(): Promise<void>;
}

/** Begins to connect. Failures are logged and tried again for ever: see {@link AmqpConnection.connected}. */
export function createAmqpConnection(options: AmqpConnectionOptions): AmqpConnection {
  checkRhea();
  const host = new RedialledConnection(options);
  return {
    connected: () => host.current() !== undefined,
    whenConnected: (signal) => host.whenConnected(signal),
    openSender: (address, senderOptions) =>
      senderOptions.ownSession === true
        ? openOwnSessionSender(host, address, senderOptions)
        : createSenderLink(host, address, senderOptions),
    openReceiver: (address, receiverOptions) =>
      receiverOptions.ownSession === true
        ? openOwnSessionReceiver(host, address, receiverOptions)
        : openReceiver(host, address, receiverOptions),
    close: () => host.close(),
  };
}

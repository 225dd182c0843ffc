import type { Socket } from 'node:net';
import { GuardedSocket, type GuardLimits } from '@rollcall/amqp-frame-guard';
import { peerBeingServed } from '@rollcall/containment';
import { later, type Clock } from '@rollcall/core/environment';
import { containWrites, internalsOf } from '@rollcall/rhea-internals';
import {
  acceptSocket,
  creditOfLink,
  discardUnfinished,
  forgoSilenceTimer,
  saslIsDone,
} from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';
import { isGuardedBy } from './guarded-by.ts';

export interface AcceptOptions {
  readonly container: rhea.Container;
  /** Options of rhea. */
  readonly connectionOptions: object;
  readonly limits: Partial<GuardLimits>;
  /** The time by which silence counts. It stops while this process stands still: what the peer sent meanwhile waits in its socket. */
  readonly clock: Clock;
  /** Longest time without a whole frame. */
  readonly idleTimeoutMs: number;
  /** Called with the reason when a peer is cut off. */
  onViolation(problem: string, socket: Socket): void;
}

const messageTooLarge: rhea.AmqpError = {
  condition: 'amqp:link:message-size-exceeded',
  description: 'message is larger than the max-message-size of its link',
};

/** Lets a peer talk to rhea through the guard. @returns rhea's connection. */
export function acceptGuarded(socket: Socket, options: AcceptOptions): rhea.Connection {
  const { clock, idleTimeoutMs } = options;
  const connection = internalsOf(options.container).create_connection(options.connectionOptions);
  let lastFrameAt = clock.monotonic();
  let disarm = (): void => {};

  function watch(): void {
    disarm = clock.at(later(lastFrameAt, idleTimeoutMs), () => {
      if (clock.monotonic() >= later(lastFrameAt, idleTimeoutMs)) socket.destroy();
      else watch();
    });
  }

  const guarded = new GuardedSocket(socket, {
    limits: options.limits,
    allowWithoutSasl: true,
    saslDone: () => saslIsDone(connection),
    creditOf: (channel, handle) => creditOfLink(connection, channel, handle),
    mayAskForTransactions: true,
    onDiscard: (channel, handle, reason) => {
      const link = discardUnfinished(connection, channel, handle);
      if (reason === 'too-large' && link?.is_open()) link.close(messageTooLarge);
    },
    onViolation: (problem) => options.onViolation(problem, socket),
    onFrame: () => (lastFrameAt = clock.monotonic()),
  });
  isGuardedBy(connection, guarded);
  const peer = peerBeingServed();
  if (peer) containWrites(connection, peer);
  forgoSilenceTimer(connection);
  acceptSocket(connection, guarded);
  watch();
  socket.once('close', () => disarm());
  return connection;
}

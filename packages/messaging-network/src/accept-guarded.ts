import type { Socket } from 'node:net';
import { creditOfLink, forgoSilenceTimer, GuardedSocket, type GuardLimits } from '@rollcall/amqp-frame-guard';
import { peerBeingServed, servePeer } from '@rollcall/containment';
import { later, type Clock } from '@rollcall/core';
import type rhea from 'rhea';

/** What of rhea's connection is not in its typings. */
interface Internals {
  accept(socket: object): void;
  /** Writes what is due, in a tick of its own: what it throws there nobody else catches. */
  _process(): void;
  readonly sasl_transport?: {
    readonly transports: { readonly 3: { readonly transport: { readonly read_complete?: boolean } } };
  };
}

export interface AcceptOptions {
  readonly container: rhea.Container;
  /** Those of rhea. */
  readonly connectionOptions: object;
  readonly limits: Partial<GuardLimits>;
  /** Time that counts against a peer: what it said while this process stood still waits in its socket. */
  readonly clock: Clock;
  /** Longest time without a whole frame. */
  readonly idleTimeoutMs: number;
  /** Told why a peer was cut off. */
  onViolation(problem: string, socket: Socket): void;
}

/** Lets a peer talk to rhea, through the guard. @returns what rhea knows it as. */
export function acceptGuarded(socket: Socket, options: AcceptOptions): object {
  const { clock, idleTimeoutMs } = options;
  const connection = options.container.create_connection(
    options.connectionOptions as never,
  ) as unknown as Internals;
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
    saslDone: () => connection.sasl_transport?.transports[3].transport.read_complete === true,
    creditOf: (channel, handle) => creditOfLink(connection, channel, handle),
    onViolation: (problem) => options.onViolation(problem, socket),
    onFrame: () => (lastFrameAt = clock.monotonic()),
  });
  const peer = peerBeingServed();
  const write = connection._process.bind(connection);
  if (peer) connection._process = () => servePeer(peer, write);
  forgoSilenceTimer(connection);
  connection.accept(guarded);
  watch();
  socket.once('close', () => disarm());
  return connection;
}

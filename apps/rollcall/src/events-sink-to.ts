import { createAmqpConnection, urlOptions } from '@rollcall/amqp-connection';
import { createEventsSink, networkPresets, type NetworkName } from '@rollcall/amqp-sender';
import { systemClock as clock, systemRandom as random, type EventSink } from '@rollcall/core';
import { terminalLog } from './terminal-log.ts';

/** A messaging network: where it is, and of what kind. */
export interface Destination {
  readonly url: string;
  readonly network: NetworkName;
}

/** Connection events to the Events API of a network, for commands that send some themselves. */
export function eventsSinkTo({ url, network }: Destination, tell: (line: string) => void): EventSink {
  const log = terminalLog(tell);
  const connection = createAmqpConnection({
    ...urlOptions(url),
    containerName: 'rollcall',
    clock,
    random,
    log,
  });
  return createEventsSink({ connection, network: networkPresets[network], sendTimeoutMs: 5_000 });
}

import { createAmqpConnection, urlOptions } from '@rollcall/amqp-connection';
import { createEventsSink } from '@rollcall/amqp-sender';
import { systemClock as clock, systemRandom as random, type EventSink } from '@rollcall/core';
import { terminalLog } from './terminal-log.ts';

/** Connection events to the Events API at a URL, for commands that send some themselves. */
export function eventsSinkTo(url: string, tell: (line: string) => void): EventSink {
  const log = terminalLog(tell);
  const connection = createAmqpConnection({
    ...urlOptions(url),
    containerName: 'rollcall',
    clock,
    random,
    log,
  });
  return createEventsSink({ connection, sendTimeoutMs: 5_000 });
}

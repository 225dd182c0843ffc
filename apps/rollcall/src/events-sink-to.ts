import { createMessaging } from '@rollcall/amqp-sender';
import { systemClock as clock, systemRandom as random, type EventSink } from '@rollcall/core';
import { reach, type Destination } from './reach.ts';
import { terminalLog } from './terminal-log.ts';

/** At least as long as the commands waited before the environment could say more. */
const sendTimeoutMs = 5_000;

/**
 * Connection events to the Events API of a network, for commands that send some themselves.
 *
 * @throws ConfigError where the network would lose them.
 */
export function eventsSinkTo(to: Destination, tell: (line: string) => void): EventSink {
  const settings = reach(to, process.env);
  const messaging = createMessaging({
    ...settings,
    sendTimeoutMs: Math.max(sendTimeoutMs, settings.sendTimeoutMs),
    clock,
    random,
    log: terminalLog(tell),
  });
  // Commands send no data of devices.
  void messaging.sender.close();
  return messaging.eventsSink();
}

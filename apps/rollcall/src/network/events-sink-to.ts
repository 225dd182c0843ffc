import { createMessaging } from '@rollcall/amqp-sender';
import { systemClock as clock, systemRandom as random } from '@rollcall/core/environment';
import type { EventSink } from '@rollcall/core/sink';
import { reach, type Destination } from './reach.ts';
import { terminalLog } from '../terminal/terminal-log.ts';

/** The shortest time-out of a delivery; the environment can only make it longer. */
const sendTimeoutMs = 5_000;

/**
 * A sink that sends connection events to the Events API of a network, for commands that send events themselves.
 *
 * @throws ConfigError when the network would lose them.
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
  // The commands send no device data.
  void messaging.sender.close();
  return messaging.eventsSink();
}

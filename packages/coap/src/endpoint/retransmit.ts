import { createDeadline, type Deadlines } from './deadlines.ts';
import type { TransmissionTiming } from './transmission-timing.ts';

export interface RetransmitOptions {
  readonly deadlines: Deadlines;
  /** In [0, 1). */
  readonly random: () => number;
  readonly timing: TransmissionTiming;
}

/**
 * Sends a confirmable message again with growing waits, until it is stopped or the last transmission has timed out (RFC 7252 §4.2).
 * The first transmission was at `now`. The result stops it.
 */
export function retransmit(
  { deadlines, random, timing }: RetransmitOptions,
  now: number,
  send: () => void,
  giveUp: () => void,
): () => void {
  const { ackTimeoutMs, ackRandomFactor, maxRetransmit } = timing;
  let timeoutMs = ackTimeoutMs * (1 + random() * (ackRandomFactor - 1));
  let sentAgain = 0;
  const timeout = createDeadline((at) => {
    if (sentAgain === maxRetransmit) {
      giveUp();
      return;
    }
    sentAgain++;
    timeoutMs *= 2;
    deadlines.set(timeout, at + timeoutMs);
    send();
  });
  deadlines.set(timeout, now + timeoutMs);
  return () => deadlines.clear(timeout);
}

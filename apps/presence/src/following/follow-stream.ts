import { consume, type ConsumeOptions } from '@rollcall/client';
import { later, type Clock, type Log } from '@rollcall/core/environment';
import type { HonoConnectionEvent, ReceivedEvent, UnrecognizedMessage } from '@rollcall/hono-wire';
import type { EventBatches } from './event-batches.ts';
import { whyUnstorable } from './unstorable.ts';
import type { Listening } from './listening.ts';
import type { Arrival, StreamProgress } from './stream-progress.ts';

/** Events that are folded: those of our adapters, and those of Hono's own adapters. */
export type FoldedEvent = ReceivedEvent | HonoConnectionEvent;

export interface FollowStreamOptions {
  readonly source: Omit<ConsumeOptions, 'onEvent' | 'credit' | 'ordered' | 'maxTries'>;
  readonly credit: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly batches: EventBatches<FoldedEvent>;
  readonly progress: StreamProgress;
  readonly listening: Listening;
}

export interface FollowedStream {
  readonly received: number;
  close(): Promise<void>;
}

/**
 * How often to check how far the stream was read. With a credit of 1,000, up to 5,000 messages a second can come without more waiting.
 * A network must be able to send as many messages as the credit in this time.
 */
const checkEveryMs = 200;

/**
 * Follows the Events API: each event is confirmed to the network once it is committed. Other messages are confirmed at
 * once: the subscription is the service's own.
 */
export function followStream(options: FollowStreamOptions): FollowedStream {
  const { source, credit, clock, log, batches, progress, listening } = options;
  let received = 0;
  let disarm = (): void => {};

  function check(): void {
    progress.check();
    disarm = clock.at(later(clock.monotonic(), checkEveryMs), check);
  }

  async function take(event: FoldedEvent): Promise<void> {
    received += 1;
    const isOver = progress.received(arrivalOf(event));
    const problem = whyUnstorable(event);
    if (problem !== undefined) {
      // It must not make a whole batch fail.
      batches.leaveOut(event, problem);
      isOver();
      return;
    }
    try {
      await batches.add(event);
    } finally {
      isOver();
    }
  }

  /** It is not wanted, but it used credit. */
  function passOver(message: UnrecognizedMessage): void {
    progress.received(arrivalOfOther(message))();
  }

  const consumer = consume({
    ...source,
    clock,
    log,
    credit,
    // The fold needs no order, and a device with many events must not delay the others.
    ordered: false,
    maxTries: Infinity,
    onEvent: take,
    onOther: (message) => (message.type === 'hono' ? take(message) : passOver(message)),
    onStateChange(attached, cause) {
      progress.attached(attached);
      listening.attached(attached);
      if (attached) log.info({}, 'following the connection events');
      else log.warn({ ...(cause !== undefined && { cause }) }, 'connection events cannot be received');
    },
  });
  check();
  return {
    get received() {
      return received;
    },
    async close() {
      disarm();
      await consumer.close();
    },
  };
}

/** An announcement repeats an old fact, and events of Hono's own adapters have no time. */
function arrivalOf(event: FoldedEvent): Arrival {
  const { tenant } = event.device;
  return event.type === 'hono' || event.announcement
    ? { queue: tenant }
    : { queue: tenant, sentAt: event.at };
}

/** Such as data of a device. */
function arrivalOfOther({ message }: UnrecognizedMessage): Arrival {
  const { tenant_id: tenant } = message.annotations;
  const { creationTime: sentAt } = message;
  return {
    ...(typeof tenant === 'string' && { queue: tenant }),
    ...(sentAt !== undefined && { sentAt }),
  };
}

import type { Clock } from './clock.ts';
import type { ConnectionEvent } from './connection-event.ts';
import type { DefaultProperties } from './device-registry.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';

/** What the settings of a tenant add to each of its connection events. */
export interface TenantDownstream {
  readonly defaults: DefaultProperties;
  readonly maxTtlSeconds?: number;
}

/** An event on its way out: facts, which the sink encodes. Each try has the same ones. */
export interface OutboundEvent {
  readonly event: ConnectionEvent;
  readonly downstream: TenantDownstream;
  /** Says again what holds, for consumers that came late: a `connected` that was delivered before. */
  readonly announcement?: true;
  /** Of another adapter, which died: its epoch does not come from this adapter's clock. */
  readonly ofAnother?: true;
}

export type Delivery =
  | { readonly status: 'delivered' }
  /**
   * Try again later; not before `retryAfterMs`, where given. `unreachable`: the destination did not answer, so that nothing is said
   * of this event, and it may be tried again as soon as the destination can be reached.
   */
  | {
      readonly status: 'retryable';
      readonly cause: Error;
      readonly retryAfterMs?: number;
      readonly unreachable?: true;
    }
  /** Trying again will not help: the event is parked until someone looks. */
  | { readonly status: 'refused'; readonly cause: Error };

/**
 * A destination for connection events. The kit queues, orders, retries and parks; a sink only translates and sends.
 *
 * - `deliver` never rejects. Many calls may be in flight; each answers for its own event.
 * - The kit keeps one event of a device in flight at a time, so a sink does not have to keep an order.
 * - When `signal` aborts, `deliver` answers `retryable` soon; aborted from the start, it sends nothing.
 * - After `close`, `deliver` answers `retryable`. Closing twice is fine.
 */
export interface EventSink {
  /** Lower case, stable: names the sink in metrics, logs and the journal. */
  readonly name: string;
  deliver(outbound: OutboundEvent, signal: AbortSignal): Promise<Delivery>;
  /** Whether deliveries can be expected to succeed now; absent where the sink cannot tell. */
  connected?(): boolean;
  /**
   * Calls `listener` whenever the destination can be reached again after it could not: what waits is then sent at once, and not
   * when its next try would be due. Absent where the sink cannot tell. The result unsubscribes.
   */
  onReachable?(listener: () => void): () => void;
  close(): Promise<void>;
}

/** What an adapter lends to a sink that the configuration names by its module. */
export interface SinkContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The default export of such a module. It reads its own settings from the environment.
 *
 * @throws ConfigError where they cannot be used: the adapter then does not start.
 */
export type SinkFactory = (context: SinkContext) => EventSink | Promise<EventSink>;

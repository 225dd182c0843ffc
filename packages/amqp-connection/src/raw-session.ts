import type { Socket } from 'node:net';
import type rhea from 'rhea';

/** The parts of rhea's session that its typings leave out, and that this package relies on. */
export interface RawSession {
  readonly connection: RawConnection;
  readonly local: { readonly channel: number };
  readonly outgoing: RawOutgoing;
}

export interface RawConnection {
  readonly amqp_transport: RawTransport;
  /** Sessions by the channel on which the peer speaks. */
  readonly remote_channel_map: Readonly<Record<number, RawSession | undefined>>;
  readonly socket?: Socket;
  readonly socket_ready?: boolean;
  /** Writes what is pending, and begins the time to the next heartbeat anew. */
  output(): void;
  /** Has every session's `process` called at the end of this turn. */
  _register(): void;
}

/** Takes frames from a stream of bytes. */
export interface RawTransport {
  /** Returns how many bytes are done with; the rest comes again, with what follows. */
  read(bytes: Buffer, connection: unknown): number;
}

export interface RawOutgoing {
  window: number;
  next_delivery_id: number;
  next_pending_delivery: number;
  next_transfer_id: number;
  readonly deliveries: {
    capacity: number;
    readonly size: number;
    push(delivery: RawDelivery): void;
    get_head(): RawDelivery | undefined;
    by_id(id: number): RawDelivery | undefined;
  };
  transfer_window(): number;
  /** The most that fits into one frame; undefined where any message does. */
  compute_max_payload(tag: { readonly length: number }): number | undefined;
  update(delivery: RawDelivery, settled: boolean, state?: unknown): void;
  on_disposition(fields: DispositionFields): void;
  process(): void;
}

interface DispositionFields {
  first: number;
  last?: number | null;
}

export interface RawDelivery {
  readonly id: number;
  readonly tag: Buffer;
  readonly format: number;
  readonly data: readonly Buffer[];
  readonly link: RawSender;
  next_to_send: number;
  settled: boolean;
  state: unknown;
  remote_settled: boolean;
  remote_state: unknown;
  update(settled: boolean, state?: unknown): void;
}

export interface RawSender {
  credit: number;
  delivery_count: number;
  readonly session: RawSession;
  readonly local: { readonly handle: number };
  has_credit(): boolean;
}

export function rawSession(session: rhea.Session): RawSession {
  return session as unknown as RawSession;
}

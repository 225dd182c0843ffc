import type { Server, Socket } from 'node:net';
import type rhea from 'rhea';

// What Rollcall uses of rhea, and rhea's typings leave out. `check-rhea.ts` looks for each member in the installed rhea.

export interface RawContainer {
  /** Who may log in. They are those of all connections of the container. */
  readonly sasl_server_mechanisms: {
    enable_plain(check: (username: string, password: string) => boolean): void;
    enable_anonymous(): void;
  };
  create_connection(options: object): rhea.Connection;
  listen(options: object): Server;
}

export interface RawConnection {
  readonly amqp_transport: RawTransport;
  readonly local_channel_map: Readonly<Record<number, rhea.Session>>;
  /** Sessions by the channel on which the peer speaks. */
  readonly remote_channel_map: Readonly<Record<number, RawSession | undefined>>;
  readonly remote: {
    readonly open?: {
      readonly container_id?: unknown;
      readonly desired_capabilities?: unknown;
      readonly channel_max?: number | null;
      idle_time_out?: unknown;
    };
  };
  readonly socket?: Socket;
  readonly socket_ready?: boolean;
  /** The timer that the latest read began. */
  readonly heartbeat_in?: unknown;
  sasl_transport?: RawSasl;
  /** What reads and writes: SASL first, where there is any. */
  transport: object;
  /** Answers the peer's Open, or says ours. */
  open?: () => void;
  accept(socket: object): void;
  /** Begins to use a socket that was dialled. */
  init(socket: Socket): unknown;
  /** Gives the peer up for its silence. */
  idle(): void;
  /** Writes what is pending, and restarts the time to the next heartbeat. */
  output(): void;
  /** Sends a frame without content. */
  _write_frame(channel: number): void;
  /** Has every session's `process` called at the end of this turn. */
  _register(): void;
  /** Writes what is due, in its own tick: rhea does not catch what it throws there. */
  _process(): void;
}

/** A server for peers that must use SASL, or one for those that may leave it out (which has `transports`). */
interface RawSasl {
  readonly transport?: RawSaslTransport;
  readonly transports?: { readonly 3: { readonly transport: RawSaslTransport } };
}

interface RawSaslTransport {
  readonly read_complete?: boolean;
}

export interface RawSaslServer extends RawSasl {
  /** The mechanism that was chosen; `undefined` if it was not offered. */
  readonly mechanism?: object;
  on_sasl_init(frame: object): void;
  on_sasl_response(frame: object): void;
  do_fail(error: unknown): void;
}

/** Takes frames from a stream of bytes. */
export interface RawTransport {
  /** Returns how many bytes are done with; the rest comes again, with what follows. */
  read(bytes: Buffer, connection: unknown): number;
}

export interface RawSession {
  readonly connection: RawConnection;
  readonly local: { readonly channel: number; readonly begin: { handle_max?: unknown } };
  readonly remote: { readonly handles: Readonly<Record<number, RawReceiver | undefined>> };
  readonly outgoing: RawOutgoing;
  readonly incoming: RawIncoming;
  /** Makes a link that is not attached. */
  create_sender(name: string): rhea.Sender;
  create_receiver(name: string): rhea.Receiver;
}

/** What a session sends. */
export interface RawOutgoing {
  window: number;
  next_delivery_id: number;
  next_pending_delivery: number;
  next_transfer_id: number;
  deliveries: RawDeliveries<RawDelivery>;
  /** How many more deliveries there is room for. */
  available(): number;
  transfer_window(): number;
  /** The most that fits into one frame; undefined where any message does. */
  compute_max_payload(tag: { readonly length: number }): number | undefined;
  update(delivery: RawDelivery, settled: boolean, state?: unknown): void;
  on_disposition(fields: DispositionFields): void;
  process(): void;
}

export interface DispositionFields {
  first: number;
  last?: number | null;
}

/** What a session receives. */
export interface RawIncoming {
  /** Deliveries whose outcome is not written yet. */
  readonly updated: readonly unknown[];
  /** Of the next one; absent before the first. */
  readonly next_delivery_id?: number;
  deliveries: Omit<RawDeliveries<RawReceived>, 'size'>;
  on_disposition(fields: DispositionFields): void;
  update(delivery: RawReceived, settled: boolean, state?: unknown): void;
  on_transfer(frame: unknown, receiver: RawReceiver): void;
  process(session: RawSession): void;
}

/** Deliveries that are not settled. */
interface RawDeliveries<Delivery> {
  capacity: number;
  readonly size: number;
  available(): number;
  push(delivery: Delivery): void;
  /** Forgets those from the first on that are done; says how many. */
  pop_if(isDone: (delivery: Delivery) => boolean): number;
  get_head(): Delivery | undefined;
  by_id(id: number): Delivery | undefined;
}

/** What was received. */
export interface RawReceived {
  readonly id: number;
  /** rhea forgets it when all before it are settled too. */
  settled: boolean;
  readonly link: { readonly session: RawSession };
  update(settled: boolean, state?: unknown): void;
  modified(outcome: { readonly undeliverable_here: boolean; readonly delivery_failed: boolean }): void;
}

/** What is sent. */
export interface RawDelivery {
  id: number;
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

/** How a link is answered. */
export interface RawLink {
  /** What the peer asked for, of whatever type (AMQP 1.0 §2.8.2, §2.8.3). */
  readonly snd_settle_mode?: unknown;
  readonly rcv_settle_mode?: unknown;
  readonly local: {
    readonly attach: { snd_settle_mode?: unknown; rcv_settle_mode?: unknown };
    /** What the Detach will say. */
    readonly detach: { error?: unknown };
  };
}

export interface RawSender extends RawLink {
  credit: number;
  delivery_count: number;
  /** What the peer asked for: 1 is settled when sent (AMQP 1.0 §2.8.2). */
  readonly snd_settle_mode?: number;
  readonly session: RawSession;
  readonly local: RawLink['local'] & { readonly handle: number };
  has_credit(): boolean;
  /** Sets the terminus that our attach names; rhea's typings ask for more than it needs. */
  set_source(terminus: object): void;
  set_target(terminus: object): void;
}

export interface RawReceiver extends RawLink {
  readonly credit: number;
  readonly delivery_count: number;
  readonly session: RawSession;
  /** A delivery of which more transfers follow, and the payloads of those that came. */
  readonly _incomplete?: RawReceived & { readonly frames: unknown[] };
  /** Whether the peer is to use up its credit. */
  drain?: boolean;
  /** Sets the terminus that our attach names; rhea's typings ask for more than it needs. */
  set_source(terminus: object): void;
  set_target(terminus: object): void;
}

/** Reads values: one for each frame, or message. */
export interface RawReader {
  remaining(): number;
  read_n(count: number): unknown[];
  read_array_items(count: number, type: { readonly width: number }): unknown[];
}

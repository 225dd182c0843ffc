import type { CredentialsType } from '@rollcall/core/registry';
import type { ListenAddress, ProtocolAdapter } from '@rollcall/adapter-kit';
import type { DeviceBytes } from './device-bytes.ts';
import type { HeartBeats } from './heart-beats.ts';

/** A device on the other side of the wire, made with a real client of the protocol. */
export interface DevicePeer {
  /** Says goodbye as the protocol intends. */
  leave(): Promise<void>;
  /** Cuts the network connection without a word. */
  vanish(): Promise<void>;
  /** Stops talking, with the network connection still open. */
  fallSilent(): Promise<void>;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  /** The peer's own name, where the protocol has one. */
  readonly remoteId: string;
}

/**
 * - `leave`: a device has a way to say goodbye.
 * - `expire`: a connection may outlast the credentials it began with.
 * - `proveWrong`: a peer with a wrong secret shows at once, and not as one that went away.
 * - `crowd`: there are network connections that say nothing.
 * - `multiply`: a device may have several connections at a time.
 */
export type Verb =
  | 'leave'
  | 'vanish'
  | 'fallSilent'
  | 'takeOver'
  | 'expire'
  | 'proveWrong'
  | 'crowd'
  | 'multiply';

/** Bounds that a test sets lower than an app does. */
export interface AdapterLimits {
  /** Network connections that have not logged in. */
  readonly maxPendingSockets?: number;
}

/** There is no byte stream to test, for example because the protocol has datagrams. */
export interface WithoutBytes {
  readonly absentBecause: string;
}

export interface AdapterHarness {
  /** Listens on loopback, port 0. */
  createAdapter(limits?: AdapterLimits): ProtocolAdapter;
  /**
   * Connects a device; `undefined` where the adapter refuses it.
   *
   * @param heard gets what the device heard of a refusal, as a text that holds nothing else.
   */
  connect(
    address: ListenAddress,
    login: Login,
    heard?: (refusal: string) => void,
  ): Promise<DevicePeer | undefined>;
  /** What tells a device to try again later, as {@link connect} says it. Absent where it hears nothing, or where its library does not say. */
  readonly temporary?: string;
  /** Of the credentials that {@link connect} proves; default: passwords. */
  readonly credentialsType?: CredentialsType;
  /** What a device says, in bytes; or why no byte stream can be tested. The report shows the reason. */
  readonly bytes: DeviceBytes | WithoutBytes;
  /** Whether {@link DevicePeer.leave} resolves with the adapter's answer. Default: no; not every protocol has one. */
  readonly answersGoodbye?: boolean;
  /** Heart-beats that the adapter sends. Absent: it sends none, or {@link bytes} are absent. */
  readonly heartBeats?: HeartBeats;
  /** How long a silent peer stays connected at most. */
  readonly silenceMs: number;
  /** What the protocol has no way to do; it shows in the report. */
  readonly cannot?: readonly Verb[];
}

import type { FollowedSet } from './followed-files/followed-files.ts';
import type { KeyObject } from 'node:crypto';
import type {
  AdapterIdentity,
  Clock,
  ConnectedEvent,
  ConnectionTracker,
  CredentialsType,
  DeviceRef,
  DisconnectedChange,
  EndedSignal,
  Log,
  Random,
  RawCause,
  Tenant,
  Timestamp,
  UploadFailure,
} from '@rollcall/core';
import type { Proof } from './authentication/proof.ts';
import type { RestoredLease } from './leases/restored-lease.ts';
import type { TurnedAway } from './listening/turned-away.ts';
import type { RhythmStore } from './leases/rhythm-store.ts';
import type { AppMetrics } from './observer/app-metrics.ts';

/** What an app hands to the kit: one per protocol, no base class. */
export interface ProtocolAdapter {
  /** Hono's type name, e.g. `hono-mqtt`: `source` of the events, `orig_adapter` of device data, key of tenant settings. */
  readonly type: string;
  /** Of the credentials that let its devices in; absent: all. */
  readonly credentialsTypes?: readonly CredentialsType[];
  /** How its devices are present; absent: by sessions, which a stop can end one after the other. */
  readonly presence?: 'lease';
  /** Resolves once every socket is bound; rejects where one cannot be. */
  start(host: AdapterHost): Promise<RunningProtocol>;
}

/** What is running once an app has started. */
export interface RunningProtocol {
  /** Bound addresses by scheme: with port 0 the only way to learn the port. */
  readonly listening: readonly ListenAddress[];
  /** Lets no new device in. Open connections go on until the kit ends them. */
  stopAccepting(): Promise<void>;
  /** Drops whatever is still open. */
  close(): Promise<void>;
}

export interface ListenAddress {
  /** `mqtt`, `mqtts`, `http`, … */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** What the kit hands to an app. */
export interface AdapterHost {
  readonly context: HostContext;
  readonly access: HostAccess;
  readonly presence: HostPresence;
  readonly leases: HostLeases;
  readonly uplink: HostUplink;
}

/** What every part of an app works with. */
export interface HostContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: AdapterIdentity;
  /** What the app counts beside what the kit counts, for `/metrics`. */
  readonly metrics: AppMetrics;
  /**
   * Reports what serving one peer threw, and what costs that peer alone: counted, and logged once a minute with its stack.
   *
   * @param where a place in the app, e.g. `mqtt`: a label of a metric.
   */
  failed(where: string, error: unknown): void;
  /** Counts a network connection that was closed for want of room; a line a minute says how many, and from where. */
  readonly turnedAway: TurnedAway['count'];
  /** Has files followed that a listener uses, such as its key and certificate. */
  followFiles(set: FollowedSet): void;
}

/** Who may come in, and stay. */
export interface HostAccess {
  /**
   * Who is this? Looks up, verifies, asserts the registration. Under load the device waits in the admission queue first.
   * Never rejects. Counts refusals.
   */
  authenticate(login: DeviceLogin): Promise<AuthenticationResult>;
  /**
   * By which keys may this device prove that it is who it says? Looks up as {@link authenticate} does, in turn too. Where the
   * proof fails, call {@link refused} with `bad-credentials`, the peer's address and the name; where it does not,
   * {@link proved}. `throttled` says that the credentials were not looked up: the device may ask again, and must not hear that it is unknown. Never
   * rejects. Counts refusals.
   */
  findPsk(login: PskLogin): Promise<PskLookup>;
  /** The device proved that it shares the key that {@link findPsk} gave this identity with. */
  proved(identity: AuthenticatedDevice): void;
  /**
   * May a device that proved who it is some time ago still be served? Repeats all look-ups, but does not
   * verify the credentials again. Call it where a proof outlives the connection. Never rejects. Counts refusals.
   */
  reauthorize(identity: AuthenticatedDevice): Promise<AuthenticationResult>;
  /**
   * For what a proof opens and the kit does not track as a session: an association, a request under way. `ended` is called at most
   * once, as soon as the secret ceases to be valid, or the device may not be served any more; what it opened must count for
   * nothing then, and be closed. Sessions are ended as any other.
   */
  holdProof(identity: AuthenticatedDevice, ended: (reason: AccessEnd) => void): HeldProof;
  /**
   * May this device open one more connection? To be asked after {@link authenticate}, in the same tick as
   * {@link HostPresence.open}. `undefined` means yes. Counts the attempt.
   *
   * Where a device has as many sessions as it may have, one that was silent for longer than its keep-alive ends for it.
   *
   * @param identity absent: a device that need not say who it is; then {@link HostPresence.openAnonymous} follows.
   * @param slot as {@link ConnectionDescription.slot}: a connection that holds it now makes room anyhow.
   */
  admit(identity?: AuthenticatedDevice, slot?: string): Refusal | undefined;
  /**
   * Counts an attempt that the app refused by itself, e.g. for missing credentials.
   *
   * @param cause a {@link LoginProblem} counts as `bad-credentials` for Hono, and by its own name for us.
   * @param remoteIp where the attempt counts against what this address may try.
   * @param name under which it failed to prove who it is.
   */
  refused(cause: RefusalReason | LoginProblem, remoteIp?: string, name?: string): void;
  /** Whether many devices have this address, as the configuration says: no limit by address is meant for it. */
  isShared(remoteIp: string): boolean;
}

/** Who is connected. */
export interface HostPresence {
  /** Begins to track one connection, or one lease holder. Nothing is published before the tracker says so. */
  open<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: ConnectionDescription,
  ): OpenConnection<Signal>;
  /** As {@link open}, for a device that did not say who it is: it counts as a connection, and nothing of it is published. */
  openAnonymous<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: AnonymousConnection,
  ): OpenConnection<Signal>;
}

/** Presence without connections; {@link createLeaseBook} uses it for an app. */
export interface HostLeases {
  /** Whether a later incarnation will find the leases that are held when this one stops. */
  readonly survive: boolean;
  /** Leases of an earlier incarnation, to be taken up with {@link resume}. */
  readonly restored: readonly RestoredLease[];
  /** Goes on tracking a lease of an earlier incarnation; `tracker` begins in the state that its holder is present. */
  resume<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: ConnectionDescription,
    event: ConnectedEvent,
  ): OpenConnection<Signal>;
  /** What is known of the rhythms of devices that hold, or held, leases. */
  readonly rhythms: RhythmStore;
}

/** Data of devices. */
export interface HostUplink {
  /** Sends telemetry or an event on behalf of a device. Never rejects. Counts the message. */
  upload(request: UploadRequest): Promise<UploadResult>;
}

/** Credentials as a device presented them. */
export type DeviceLogin = PasswordLogin | CertificateLogin;

interface LoginOrigin {
  /** The peer's IP address, without port: failures are limited by it. */
  readonly remoteIp: string;
  /** Whether the device hung up meanwhile: then it need not be authenticated any more. */
  gone?(): boolean;
}

export interface PasswordLogin extends LoginOrigin {
  /** `auth-id@tenant`. */
  readonly username: string;
  readonly password: Uint8Array;
}

/** A handshake has proved that the device holds the key. Who signed the certificate need not have been looked at. */
export interface CertificateLogin extends LoginOrigin {
  /** In DER: the device's own, without its issuers. */
  readonly certificate: Uint8Array;
}

/** A device that is about to prove that it shares a key. */
export interface PskLogin extends LoginOrigin {
  /** `auth-id@tenant`, as the handshake says. */
  readonly identity: string;
}

export type PskLookup =
  | { readonly status: 'found'; readonly candidates: readonly PskCandidate[] }
  | { readonly status: 'refused'; readonly refusal: Refusal };

/** A key, and who the device is once it has proved that it shares this one. There is more than one while keys are changed. */
export interface PskCandidate {
  readonly key: KeyObject;
  readonly identity: AuthenticatedDevice;
}

/** A device that proved who it is, with what its tenant and its registration say about it. */
export interface AuthenticatedDevice {
  readonly device: DeviceRef;
  readonly authId: string;
  readonly tenant: Tenant;
  /** Which secret let it in; absent where it is not known any more, as with a lease of an earlier incarnation. */
  readonly proof?: Proof;
  /** When that secret ceases to be valid, if known. */
  readonly expiresAt?: Timestamp;
  /** How long one request stands for its presence, as the registry declares. */
  readonly presenceIntervalMs?: number;
  /** Whether it may be asked whether it is there, if the registry says so. */
  readonly presenceProbe?: boolean;
  /**
   * Sessions, or associations, that it may have at a time, as the registry declares; 0: any number. Absent: the registry says
   * nothing, and what the adapter is configured with counts.
   */
  readonly maxConnectionsPerDevice?: number;
}

export type AuthenticationResult =
  | { readonly status: 'accepted'; readonly identity: AuthenticatedDevice }
  | { readonly status: 'refused'; readonly refusal: Refusal };

/** Why a device was not let in; each protocol maps it to its own code. */
export type RefusalReason =
  | 'bad-credentials'
  | 'tenant-disabled'
  | 'adapter-disabled'
  | 'device-not-registered'
  | 'tenant-connections-exceeded'
  | 'adapter-connections-exceeded'
  | 'device-connections-exceeded'
  | 'throttled'
  | 'busy'
  | 'unavailable';

/** What an app finds wrong with a login by itself, before anything is looked up. For metrics and the log: the device need not learn it. */
export type LoginProblem = (typeof loginProblems)[number];

export const loginProblems = ['credentials-missing', 'credentials-malformed', 'identifier-rejected'] as const;

export interface Refusal {
  readonly reason: RefusalReason;
  /** For the device to read: says nothing an attacker could use. */
  readonly text: string;
}

/** Why the kit ends a connection. */
export type EndReason =
  | 'taken-over'
  | 'adapter-shutdown'
  | 'access-revoked'
  | 'credentials-expired'
  | 'limit-exceeded';

/** What a protocol calls each of them. */
export type EndCauses = Readonly<Partial<Record<EndReason, RawCause>>>;

/** Why access ends that a secret gave: by the time of that secret, or because the registry changed. */
export type AccessEnd = Extract<EndReason, 'credentials-expired' | 'access-revoked'>;

/** Something that is open because a device proved a secret. */
export interface HeldProof {
  /** Whether it must not count any more: the secret expired, or `ended` was called, or it was released. */
  isOver(): boolean;
  /**
   * Whether the registry changed since the secret was looked up, and has not been asked again yet: what arrives meanwhile must not count.
   */
  isInDoubt(): boolean;
  /** It is closed: nothing is reported any more. */
  release(): void;
}

export interface ConnectionDescription {
  readonly identity: AuthenticatedDevice;
  /** MQTT client id, AMQP container id, else the auth-id. */
  readonly remoteId: string;
  /** What only one connection of the device can hold: a newer holder ends the older one. */
  readonly slot?: string;
  /**
   * Of a session: silence that the device promised to break. Where the device has too many sessions, one that was silent for
   * longer gives way. Absent: it promised nothing.
   */
  readonly keepAliveMs?: number;
  /** E.g. `MQTT 5.0`. */
  readonly protocol: string;
  /** `host:port`. */
  readonly remoteAddress?: string;
  /** What the device is told where the kit ends the connection: code and text of the protocol, for the event too. */
  readonly endCauses?: EndCauses;
  /** A lease that the next run of the adapter will find: it does not end with this one. */
  readonly survivesShutdown?: boolean;
  /**
   * The connection ended, for whatever cause, and the event is published: close the peer, with the protocol's code where it
   * still listens.
   */
  onDisconnected?(change: DisconnectedChange): void;
  /**
   * The adapter cannot serve devices any more, or can again: the clock of a lease stands still meanwhile. Report it to the
   * tracker. Sessions need not know.
   */
  servingChanged?(serving: boolean): void;
}

/** A connection of a device that did not say who it is. */
export interface AnonymousConnection {
  /** As for {@link ConnectionDescription.endCauses}. */
  readonly endCauses?: EndCauses;
  /** As for {@link ConnectionDescription.onDisconnected}. */
  onDisconnected?(change: DisconnectedChange): void;
}

export interface OpenConnection<Signal> {
  /** Tells the tracker what was seen, or that the app ends the connection. Changes are stamped and journaled before this returns. */
  report(signal: Signal | EndedSignal): void;
  /** Resolves when every change reported so far is in the journal, or after the configured bound: answer the device then. */
  committed(): Promise<void>;
}

export interface UploadRequest {
  /** Absent: a device that did not say who it is, where that is not required. It must say in `target` whose data it brings. */
  readonly by?: AuthenticatedDevice;
  readonly endpoint: 'telemetry' | 'event';
  /** As the address said: the tenant may be left out. Absent: the device's own data. */
  readonly target?: { readonly tenant?: string; readonly device: string };
  readonly qos: 0 | 1;
  readonly contentType?: string;
  /** Absent: no body. Empty: a zero-length body. */
  readonly payload?: Uint8Array;
  /** The address as the device gave it. */
  readonly origAddress: string;
  readonly ttlSeconds?: number;
  readonly ttdSeconds?: number;
  readonly retain?: boolean;
  /** W3C trace context the device sent; a new one is made where it is absent or malformed. */
  readonly traceParent?: string;
  readonly traceState?: string;
}

export type UploadResult =
  | { readonly status: 'accepted' }
  | {
      readonly status: 'failed';
      readonly failure: UploadFailure;
      /** The device's own access ended: stateful protocols close its connection (`docs/hono-compatibility.md` §7). */
      readonly terminal: boolean;
    };

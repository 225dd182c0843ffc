import type {
  AuthenticatedDevice,
  AuthenticationResult,
  LoginProblem,
  Refusal,
  RefusalReason,
} from './authentication-result.ts';
import type { DeviceLogin, PskLogin, PskLookup } from './login.ts';

/** Decides who may connect, and who may stay. */
export interface HostAccess {
  /**
   * Finds out who a device is: looks up its credentials, verifies them, asserts the registration. Under load the device waits in the admission queue first.
   * Never rejects. Counts refusals. Who comes again with a secret that was proved of late waits for nothing: the result is no promise.
   */
  authenticate(login: DeviceLogin): AuthenticationResult | Promise<AuthenticationResult>;
  /**
   * By which keys may this device prove that it is who it says? Looks up as {@link authenticate} does, in turn too. Where the
   * proof fails, call {@link refused} with `bad-credentials`, the peer's address and the name; where it does not,
   * {@link proved}. `throttled` says that the credentials were not looked up: the device may ask again, and must not hear that it is unknown.
   * A device that may not be served has keys too: ask {@link reauthorize} before it is served. Never rejects. Counts refusals.
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
   * Whether the registry reported a change that concerns this device since it was looked up: its interval, for example, may be another one.
   * {@link reauthorize} knows.
   */
  isOutdated(identity: AuthenticatedDevice): boolean;
  /**
   * For what a proof opens and the kit does not track as a session: an association, a request under way. `ended` is called at most
   * once, as soon as the secret ceases to be valid, or the device may not be served any more; what it opened must count for
   * nothing then, and be closed. Sessions are ended as any other.
   */
  holdProof(identity: AuthenticatedDevice, ended: (reason: AccessEnd) => void): HeldProof;
  /**
   * To be asked before {@link admit} where the device named a slot. Should its tenant be at its limit, the fleet says whether the device
   * holds that slot at another adapter, and so needs no place of its own. Never rejects; settles within 50 ms. `undefined`: there is
   * nothing to wait for. A device whose presence is a lease is asked about with {@link authenticate} and {@link reauthorize}.
   */
  beforeAdmit(identity: AuthenticatedDevice | undefined, slot: string | undefined): Promise<void> | undefined;
  /**
   * May this device open one more connection? To be asked after {@link authenticate}, in the same tick as
   * {@link HostPresence.open}. `undefined` means yes. Counts the attempt.
   *
   * Where a device has as many sessions as it may have, one that was silent for longer than its keep-alive ends for it.
   *
   * @param identity absent: an anonymous device; then {@link HostPresence.openAnonymous} follows.
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

/** Why access ends that a secret gave: by the time of that secret, or because the registry changed. */
export type AccessEnd = 'credentials-expired' | 'access-revoked';

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

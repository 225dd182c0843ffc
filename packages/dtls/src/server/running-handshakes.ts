import { beginHandshake } from './begin-handshake.ts';
import type { HandshakeFailure } from './counters.ts';
import type { HandshakeHost } from './handshake-contract.ts';
import { createHelloCookies } from './hello-cookies.ts';
import { HelloVerifier } from './hello-verifier.ts';
import type { OpenAssociations } from './open-associations.ts';
import {
  createPendingHandshakes,
  handshakeOf,
  type Pending,
  type PendingHandshakes,
} from './pending-handshakes.ts';
import { periodically, type Periodically } from './periodically.ts';
import type { ServerParts } from './server-parts.ts';

/** Retransmissions and time-outs of handshakes are as exact as this. */
const handshakeTickMs = 200;

/** Failures that do not show the cause: then the suspicion is reported instead. */
const inVain: ReadonlySet<HandshakeFailure> = new Set(['timeout', 'restarted', 'too-many-handshakes']);

/** The handshakes of a server, from the first ClientHello to an association or a failure. */
export class RunningHandshakes<P> {
  readonly pending: PendingHandshakes;
  readonly hellos: HelloVerifier;
  readonly #parts: ServerParts<P>;
  readonly #associations: OpenAssociations<P>;
  readonly #ticks: Periodically;

  constructor(parts: ServerParts<P>, associations: OpenAssociations<P>) {
    const { settings } = parts;
    this.#parts = parts;
    this.#associations = associations;
    this.pending = createPendingHandshakes({
      ...settings.limits,
      isShared: (address) => settings.isSharedAddress?.(address) === true,
    });
    this.#ticks = periodically(settings.clock, handshakeTickMs, (now) => this.#tick(now));
    this.hellos = this.#createVerifier();
  }

  /** Ends the handshake of this client, if it has one. */
  giveUp(mine: Pending | undefined): void {
    if (mine && this.pending.get(mine.key) === mine) this.#fail(mine, 'internal-error');
  }

  stop(): void {
    this.#ticks.stop();
  }

  /** Ends all of them. `onHandshakeFailed` is called, and nothing is sent. */
  close(): void {
    for (const each of this.pending) this.#failOrReport(each, 'closing');
  }

  #createVerifier(): HelloVerifier {
    const { settings, counters, monotonic, drop } = this.#parts;
    const { randomBytes, cookieRotationMs } = settings;
    const { pending } = this;
    return new HelloVerifier({
      cookies: createHelloCookies({ monotonic, randomBytes, rotationMs: cookieRotationMs }),
      pending,
      monotonic,
      send(datagram, peer) {
        counters.helloVerifyRequests++;
        settings.send(datagram, peer);
      },
      drop,
      onCrowdedOut: (crowdedOut) => this.#failOrReport(crowdedOut, 'too-many-handshakes'),
      onRestarted: (restarted) => this.#fail(restarted, 'restarted'),
      onAdmitted: () => this.#ticks.arm(),
      onHello: (mine, received) =>
        beginHandshake(mine, received, {
          host: this.#hostFor(mine),
          isOver: () => pending.get(mine.key) !== mine,
          newConnectionId: () => this.#associations.newConnectionId(),
          onFailed: (failure) => this.#fail(mine, failure),
        }),
    });
  }

  #hostFor(mine: Pending): HandshakeHost<P> {
    const { settings, sessions, counters, drop, blame } = this.#parts;
    return {
      settings,
      sessions,
      counters,
      send: (datagram) => settings.send(datagram, mine.peer),
      drop: (reason) => drop(reason, mine.peer),
      onStanding: (standing) => this.pending.move(mine, standing),
      onKeysDiffer: () => settings.onKeysDiffer?.(mine.peer),
      onEstablished: (established) => {
        this.pending.delete(mine);
        counters.handshakes++;
        if (established.isResumed) counters.resumptions++;
        this.#associations.add(mine.peer, mine.key, established);
      },
      onFailed: (failure) => this.#fail(mine, failure),
      onThrown: (error) => blame(error, mine.peer, () => this.giveUp(mine)),
    };
  }

  #tick(now: number): boolean {
    for (const each of this.pending)
      try {
        if (this.#isTooLate(each, now)) this.#fail(each, 'timeout');
        else handshakeOf(each)?.tick(now);
      } catch (error) {
        this.#parts.blame(error, each.peer, () => this.giveUp(each));
      }
    return this.pending.size > 0;
  }

  #isTooLate({ startedAt, heardAt }: Pending, now: number): boolean {
    const { handshakeTimeoutMs, flightTimeoutMs } = this.#parts.settings;
    return now - startedAt >= handshakeTimeoutMs || now - heardAt >= flightTimeoutMs;
  }

  #fail(mine: Pending, failure: HandshakeFailure): void {
    const handshake = handshakeOf(mine);
    handshake?.abandon();
    this.pending.delete(mine);
    const told = (inVain.has(failure) && handshake?.suspicion) || failure;
    this.#parts.counters.failures[told]++;
    this.#parts.settings.onHandshakeFailed?.(mine.peer, told);
  }

  /** For a handshake that gives way to another client: an error thrown here must not affect that client. */
  #failOrReport(mine: Pending, failure: HandshakeFailure): void {
    try {
      this.#fail(mine, failure);
    } catch (error) {
      this.#parts.settings.onError(error, mine.peer);
    }
  }
}

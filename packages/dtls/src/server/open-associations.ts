import type { Unopened } from '../crypto/secure-records.ts';
import { Malformed } from '../wire/malformed.ts';
import { ownCopy } from '../wire/own-copy.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import { recordHeaderBytes } from '../wire/record.ts';
import { createAssociationTable, type AssociationTable } from './association-table.ts';
import { sendFlight } from './flight.ts';
import type { Established } from './handshake-contract.ts';
import type { Peer } from './peer.ts';
import { periodically, type Periodically } from './periodically.ts';
import { ServerAssociation, type AssociationHost } from './server-association.ts';
import type { ServerParts } from './server-parts.ts';

/** Idle times are exact to this fraction of the time-out. */
const sweepsPerIdleTimeout = 16;
const shortestSweepMs = 1_000;
/** Twice the longest life of a segment, for which the last flight is sent again when asked for (RFC 6347 §4.2.4). */
const finalFlightMs = 240_000;

/** Silence is measured to the second: to note an exact time for each record would take as long as to open one. */
const secondsOf = (instant: number): number => Math.floor(instant / 1_000);

/** The associations of a server, from the end of the handshake to the end of the association. */
export class OpenAssociations<P> {
  readonly table: AssociationTable<P>;
  readonly #parts: ServerParts<P>;
  readonly #host: AssociationHost<P>;
  readonly #sweeps: Periodically;

  constructor(parts: ServerParts<P>) {
    const { settings } = parts;
    this.#parts = parts;
    this.table = createAssociationTable<P>({ ...settings.limits, principalKey: settings.principalKey });
    this.#host = hostOf(parts, this.table);
    const sweepMs = Math.max(shortestSweepMs, settings.idleTimeoutMs / sweepsPerIdleTimeout);
    this.#sweeps = periodically(settings.clock, sweepMs, (now) => this.#sweep(now));
  }

  newConnectionId(): Buffer {
    const { randomBytes, connectionIdBytes } = this.#parts.settings;
    let id = ownCopy(randomBytes(connectionIdBytes));
    while (this.table.withConnectionId(id)) id = ownCopy(randomBytes(connectionIdBytes));
    return id;
  }

  /** A handshake with this peer has succeeded. */
  add(peer: Peer, peerKey: string, established: Established<P>): void {
    const { settings, monotonic } = this.#parts;
    const association = new ServerAssociation<P>({
      host: this.#host,
      peer,
      peerKey,
      openedAt: monotonic(),
      cipherSuite: established.terms.cipherSuite,
      ...established,
    });
    // The old one was kept until this one had proved who it is (RFC 6347 §4.2.8).
    const before = this.table.add(association);
    // Behind a NAT the address may now belong to another device. An association with a connection id is found without its address.
    if (before?.hasConnectionId) before.detach();
    else before?.end('replaced');
    this.#makeRoomFor(association);
    this.#sweeps.arm();
    this.#contain(association, () => settings.onOpen(association));
  }

  /** A record of the second epoch. */
  open(association: ServerAssociation<P>, record: DtlsRecord, peer: Peer): 'taken' | Unopened {
    const opened = association.records.open(record);
    if (typeof opened === 'string') return opened;
    const now = this.#parts.monotonic();
    if (secondsOf(now) > secondsOf(association.lastHeardAt)) this.table.heard(association);
    association.lastHeardAt = now;
    this.#contain(association, () => {
      const from = association.heardFrom(peer, record.fragment.length + recordHeaderBytes, opened);
      association.take(opened, from);
    });
    return 'taken';
  }

  stop(): void {
    this.#sweeps.stop();
  }

  /** Ends all of them with close_notify. */
  close(): void {
    for (const association of this.table) this.#contain(association, () => association.close());
  }

  #sweep(now: number): boolean {
    for (const association of this.table) {
      if (now - association.openedAt >= finalFlightMs) association.finalFlight = undefined;
      if (now - association.lastHeardAt >= this.#parts.settings.idleTimeoutMs)
        this.#contain(association, () => association.expire());
    }
    return this.table.size > 0;
  }

  #makeRoomFor(newcomer: ServerAssociation<P>): void {
    const { settings, counters } = this.#parts;
    const maxOfPrincipal = settings.maxAssociationsOf?.(newcomer.principal);
    const next = (): ServerAssociation<P> | undefined => this.table.inTheWayOf(newcomer, maxOfPrincipal);
    for (let each = next(); each && each !== newcomer; each = next()) {
      const displaced = each;
      counters.displacedAssociations++;
      this.#contain(displaced, () => displaced.giveWay());
      this.table.delete(displaced);
    }
  }

  #contain(association: ServerAssociation<P>, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof Malformed) throw error;
      this.#parts.blame(error, association.peer, () => association.abort('internalError'));
    }
  }
}

function hostOf<P>(parts: ServerParts<P>, table: AssociationTable<P>): AssociationHost<P> {
  const { settings, counters, sessions, strayAlerts } = parts;
  return {
    send: settings.send,
    onMessage: settings.onMessage,
    onSign: (association) => settings.onSign?.(association),
    onCandidate: (association, candidate) => settings.onCandidatePeer?.(association, candidate),
    onConfirmed(association, peer) {
      counters.addressChanges++;
      table.move(association, peer);
    },
    repeat(flight, { records, peer, isDetached }) {
      if (isDetached) return;
      counters.retransmissions++;
      flight.nextPlainSequence = sendFlight(flight.items, {
        records,
        nextPlainSequence: flight.nextPlainSequence,
        maxDatagramBytes: settings.maxDatagramBytes,
        send: (datagram) => settings.send(datagram, peer),
      });
    },
    onEnded(association, reason) {
      table.delete(association);
      strayAlerts.ended(association.peerKey);
      settings.onClose(association, reason);
    },
    forgetSession: (id) => sessions.forget(id),
  };
}

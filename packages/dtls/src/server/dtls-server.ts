import { readAlert } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import { readFragments, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { Malformed } from '../wire/malformed.ts';
import { readRecords, type DtlsRecord } from '../wire/read-records.ts';
import type { Association } from './association.ts';
import { createCounters, type DropReason, type DtlsCounters } from './counters.ts';
import { RunningHandshakes } from './running-handshakes.ts';
import { handshakeOf } from './pending-handshakes.ts';
import { OpenAssociations } from './open-associations.ts';
import type { DtlsServerOptions } from './options.ts';
import { peerKey, type Peer } from './peer.ts';
import type { ServerParts } from './server-parts.ts';
import { createSessionCache } from './session-cache.ts';
import { settingsFrom } from './settings.ts';
import { createStrayAlerts } from './stray-alerts.ts';

/** A DTLS 1.2 server without a socket: the caller hands datagrams in by `receive`, and sends what comes out by `send`. */
export interface DtlsServer<P = unknown> {
  /** Takes a datagram from `peer`. Never throws because of its content. */
  receive(datagram: Uint8Array, peer: Peer): void;
  /** Counts since the start, for metrics. */
  readonly counters: Readonly<DtlsCounters>;
  readonly associations: number;
  /** Without those that failed and are kept for a while, since an attacker may have made them fail. */
  readonly pendingHandshakes: number;
  readonly sessions: number;
  /** Those of the principals with this key (`principalKey`), the one silent longest first(to the second). */
  associationsOf(key: string): readonly Association<P>[];
  /** Forgets the sessions of the principals with this key, or those that `which` chooses. Returns how many it forgot. */
  forgetSessions(key: string, which?: (principal: P) => boolean): number;
  /** Ends all associations with close_notify. What comes later is dropped. */
  close(): void;
}

/** @throws TypeError if the options are not valid. */
export function createDtlsServer<P>(options: DtlsServerOptions<P>): DtlsServer<P> {
  const parts = partsOf(options);
  const { counters, sessions } = parts;
  const associations = new OpenAssociations(parts);
  const handshakes = new RunningHandshakes(parts, associations);
  const receiver = new Receiver(parts, handshakes, associations);
  let isClosed = false;
  return {
    counters,
    get associations() {
      return associations.table.size;
    },
    get pendingHandshakes() {
      return handshakes.pending.underWay;
    },
    get sessions() {
      return sessions.size;
    },
    associationsOf: (key) => [...associations.table.of(key)],
    forgetSessions: (key, which = () => true) => sessions.forgetOf(key, which),
    receive(datagram, peer) {
      if (!isClosed) receiver.receive(datagram, peer);
    },
    close() {
      isClosed = true;
      handshakes.stop();
      associations.stop();
      handshakes.close();
      associations.close();
    },
  };
}

function partsOf<P>(options: DtlsServerOptions<P>): ServerParts<P> {
  const settings = settingsFrom(options);
  const { clock, limits, principalKey } = settings;
  const monotonic = (): number => clock.monotonic();
  const counters = createCounters();
  return {
    settings,
    counters,
    monotonic,
    sessions: createSessionCache<P>({
      ...limits,
      lifetimeMs: limits.sessionLifetimeMs,
      monotonic,
      principalKey,
    }),
    strayAlerts: createStrayAlerts({ maxPerSecond: limits.maxStrayAlertsPerSecond, monotonic }),
    drop(reason, peer) {
      counters.dropped[reason]++;
      settings.onDropped?.(peer, reason);
    },
    blame(error, peer, end) {
      try {
        end();
      } catch (second) {
        settings.onError(second, peer);
      }
      settings.onError(error, peer);
    },
  };
}

/** Parses datagrams, and finds the handshake or the association that each record belongs to. */
class Receiver<P> {
  readonly #parts: ServerParts<P>;
  readonly #handshakes: RunningHandshakes<P>;
  readonly #associations: OpenAssociations<P>;

  constructor(parts: ServerParts<P>, handshakes: RunningHandshakes<P>, associations: OpenAssociations<P>) {
    this.#parts = parts;
    this.#handshakes = handshakes;
    this.#associations = associations;
  }

  receive(datagram: Uint8Array, peer: Peer): void {
    const { settings, drop, blame } = this.#parts;
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const key = peerKey(peer);
    let isAnswered = false;
    try {
      for (const record of readRecords(bytes, settings.connectionIdBytes)) {
        if (record === undefined) drop('malformed', peer);
        else if (record.epoch === 0) isAnswered = this.#takePlain(record, peer, key, isAnswered);
        else if (record.epoch === 1) isAnswered = this.#takeProtected(record, peer, key, isAnswered);
        else drop('unexpected', peer);
      }
    } catch (error) {
      if (error instanceof Malformed) drop('malformed', peer);
      else blame(error, peer, () => this.#handshakes.giveUp(this.#handshakes.pending.get(key)));
    }
  }

  /** Records of epoch 0, which nothing protects. Returns whether the datagram has been answered, or has begun a ClientHello. */
  #takePlain(
    { type, sequence, fragment }: DtlsRecord,
    peer: Peer,
    key: string,
    isAnswered: boolean,
  ): boolean {
    // An alert in epoch 0 may be forged, and ends nothing. A ChangeCipherSpec adds nothing to what the epoch says.
    if (type === contentType.alert && readAlert(fragment) === 'fatal') this.#complainedOf(key);
    if (type !== contentType.handshake) return isAnswered;
    let answered = isAnswered;
    for (const each of readFragments(fragment)) {
      if (each === undefined) this.#parts.drop('malformed', peer);
      else if (each.type === handshakeType.clientHello)
        answered =
          this.#handshakes.hellos.take(each, { peer, key, recordSequence: sequence, isAnswered: answered }) ||
          answered;
      else this.#takeMessage(each, peer, key);
    }
    return answered;
  }

  #complainedOf(key: string): void {
    const mine = this.#handshakes.pending.get(key);
    if (mine) this.#handshakes.pending.move(mine, 'failed');
  }

  #takeMessage(fragment: HandshakeFragment, peer: Peer, key: string): void {
    const mine = this.#handshakes.pending.get(key);
    if (mine) mine.heardAt = this.#parts.monotonic();
    const handshake = handshakeOf(mine);
    if (handshake) handshake.add(fragment);
    else this.#parts.drop('unexpected', peer);
  }

  /** Returns whether it was answered, as one in an association that is not known. */
  #takeProtected(record: DtlsRecord, peer: Peer, key: string, isAnswered: boolean): boolean {
    const isHidden = record.type === contentType.tls12Cid;
    const mine = this.#handshakes.pending.get(key);
    const handshake = handshakeOf(mine);
    const isItsOwn = handshake?.connectionId.equals(record.connectionId) === true;
    if (mine && isItsOwn) mine.heardAt = this.#parts.monotonic();
    const association = isHidden
      ? this.#associations.table.withConnectionId(record.connectionId)
      : this.#associations.table.atAddress(key);
    // Only the keys show whose it is: at one address there may be an association and the handshake of the next one.
    let opened: 'taken' | DropReason = 'unknown-association';
    if (isItsOwn && handshake.hasKeys) opened = handshake.open(record);
    if (opened !== 'taken' && association) opened = this.#associations.open(association, record, peer);
    if (opened === 'taken') return isAnswered;
    if (isItsOwn && !handshake.hasKeys) {
      handshake.hold(record);
      return isAnswered;
    }
    if (isItsOwn && opened === 'not-authentic') handshake.doubt();
    this.#parts.drop(opened, peer);
    // While a handshake is under way at this address, an unprotected alert would end it.
    const isStray = !isHidden && !association && !this.#handshakes.pending.get(key) && !isAnswered;
    return isStray ? this.#tellUnknown(record, peer, key) : isAnswered;
  }

  #tellUnknown(record: DtlsRecord, peer: Peer, key: string): boolean {
    const answer = this.#parts.strayAlerts.answerTo(record, key);
    if (!answer) return false;
    this.#parts.counters.strayAlerts++;
    this.#parts.settings.send(answer, peer);
    return true;
  }
}

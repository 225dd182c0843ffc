import type { Unopened } from '../crypto/secure-records.ts';
import { contentType } from '../wire/content-type.ts';
import { readFragments, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { readAlert } from '../wire/alert.ts';
import { Malformed } from '../wire/malformed.ts';
import { ownCopy } from '../wire/own-copy.ts';
import { readRecords, type DtlsRecord } from '../wire/read-records.ts';
import { recordHeaderBytes } from '../wire/record.ts';
import type { Association } from './association.ts';
import { createAssociationTable } from './association-table.ts';
import { beginHandshake } from './begin-handshake.ts';
import { createCookieJar } from './cookie-jar.ts';
import { createCounters, type DropReason, type DtlsCounters, type HandshakeFailure } from './counters.ts';
import { sendFlight } from './flight.ts';
import type { Established, HandshakeHost } from './handshake-start.ts';
import { createHelloDesk } from './hello-desk.ts';
import type { DtlsServerOptions } from './options.ts';
import { peerKey, type Peer } from './peer.ts';
import { createPendingHandshakes, type Pending } from './pending-handshakes.ts';
import { periodically } from './periodically.ts';
import { ServerAssociation, type AssociationHost } from './server-association.ts';
import { createSessionCache } from './session-cache.ts';
import { settingsFrom } from './settings.ts';
import { createStrayAlerts } from './stray-alerts.ts';

/** A DTLS 1.2 server without a socket: whoever has one hands datagrams in and sends what comes out. */
export interface DtlsServer<P = unknown> {
  /** A datagram that came from `peer`. Never throws for what is in it. */
  receive(datagram: Uint8Array, peer: Peer): void;
  /** What happened so far, for metrics. */
  readonly counters: Readonly<DtlsCounters>;
  readonly associations: number;
  /** Without those that failed, and are kept for a while since somebody else may be to blame. */
  readonly pendingHandshakes: number;
  readonly sessions: number;
  /** Those of the principals with this key (`principalKey`), the one silent longest first, as exactly as a second. */
  associationsOf(key: string): readonly Association<P>[];
  /** Nobody resumes their sessions any more, or only those that `which` leaves out. Returns how many were forgotten. */
  forgetSessions(key: string, which?: (principal: P) => boolean): number;
  /** Ends all associations with close_notify. What comes later is dropped. */
  close(): void;
}

/** Retransmissions and time-outs of handshakes are as exact as this. */
const handshakeTickMs = 200;
/** Idle times are as exact as this part of them. */
const sweepsPerIdleTimeout = 16;
const shortestSweepMs = 1_000;
/** Twice the longest life of a segment, for which the last flight is sent again when asked for (RFC 6347 §4.2.4). */
const finalFlightMs = 240_000;

/** Who was silent longest is known as exactly as this: to note it for each record would take as long as to open one. */
const secondsOf = (instant: number): number => Math.floor(instant / 1_000);

/** Nobody said what was wrong. */
const inVain: ReadonlySet<HandshakeFailure> = new Set(['timeout', 'restarted', 'too-many-handshakes']);

/** @throws TypeError where the options do not make a server. */
export function createDtlsServer<P>(options: DtlsServerOptions<P>): DtlsServer<P> {
  const settings = settingsFrom(options);
  const { clock, limits, randomBytes, connectionIdBytes, idleTimeoutMs } = settings;
  const monotonic = (): number => clock.monotonic();
  const counters = createCounters();
  const { principalKey } = settings;
  const sessions = createSessionCache<P>({
    ...limits,
    lifetimeMs: limits.sessionLifetimeMs,
    monotonic,
    principalKey,
  });
  const pending = createPendingHandshakes({
    ...limits,
    isShared: (address) => settings.isSharedAddress?.(address) === true,
  });
  const table = createAssociationTable<P>({ ...limits, principalKey });
  let isClosed = false;

  const ticks = periodically(clock, handshakeTickMs, (now) => {
    for (const each of pending)
      try {
        if (isOver(each, now)) fail(each, 'timeout');
        else each.handshake?.tick(now);
      } catch (error) {
        blame(error, each.peer, () => giveUp(each));
      }
    return pending.size > 0;
  });

  function isOver({ startedAt, heardAt }: Pending, now: number): boolean {
    return now - startedAt >= settings.handshakeTimeoutMs || now - heardAt >= settings.flightTimeoutMs;
  }

  const sweeps = periodically(
    clock,
    Math.max(shortestSweepMs, idleTimeoutMs / sweepsPerIdleTimeout),
    (now) => {
      for (const association of table) {
        if (now - association.openedAt >= finalFlightMs) association.finalFlight = undefined;
        if (now - association.lastHeardAt >= idleTimeoutMs) contain(association, () => association.expire());
      }
      return table.size > 0;
    },
  );

  const strayAlerts = createStrayAlerts({ maxPerSecond: limits.maxStrayAlertsPerSecond, monotonic });

  const desk = createHelloDesk({
    cookies: createCookieJar({ monotonic, randomBytes, rotationMs: settings.cookieRotationMs }),
    pending,
    monotonic,
    send(datagram, peer) {
      counters.helloVerifyRequests++;
      settings.send(datagram, peer);
    },
    drop,
    onCrowdedOut(crowdedOut) {
      try {
        fail(crowdedOut, 'too-many-handshakes');
      } catch (error) {
        settings.onError(error, crowdedOut.peer);
      }
    },
    onRestarted: (restarted) => fail(restarted, 'restarted'),
    onAdmitted: () => ticks.arm(),
    onHello(mine, received) {
      beginHandshake(mine, received, {
        host: hostFor(mine),
        isOver: () => pending.get(mine.key) !== mine,
        newConnectionId,
        onFailed: (failure) => fail(mine, failure),
      });
    },
  });

  const associationHost: AssociationHost<P> = {
    send: settings.send,
    onMessage: settings.onMessage,
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

  function hostFor(mine: Pending): HandshakeHost<P> {
    return {
      settings,
      sessions,
      counters,
      send: (datagram) => settings.send(datagram, mine.peer),
      drop: (reason) => drop(reason, mine.peer),
      onStanding: (standing) => pending.move(mine, standing),
      onKeysDiffer: () => settings.onKeysDiffer?.(mine.peer),
      onEstablished: (established) => open(mine, established),
      onFailed: (failure) => fail(mine, failure),
      onThrown: (error) => blame(error, mine.peer, () => giveUp(mine)),
    };
  }

  function open(mine: Pending, established: Established<P>): void {
    pending.delete(mine);
    counters.handshakes++;
    if (established.isResumed) counters.resumptions++;
    const association = new ServerAssociation<P>({
      host: associationHost,
      peer: mine.peer,
      peerKey: mine.key,
      openedAt: monotonic(),
      cipherSuite: established.terms.cipherSuite,
      ...established,
    });
    // The old one was kept until this one had proved who it is (RFC 6347 §4.2.8).
    const before = table.add(association);
    // Behind a NAT an address is somebody else's the next day, and whoever has a connection id is known without it.
    if (before?.hasConnectionId) before.detach();
    else before?.end('replaced');
    makeRoomFor(association);
    sweeps.arm();
    contain(association, () => settings.onOpen(association));
  }

  function makeRoomFor(newcomer: ServerAssociation<P>): void {
    const maxOfPrincipal = settings.maxAssociationsOf?.(newcomer.principal);
    const next = (): ServerAssociation<P> | undefined => table.inTheWayOf(newcomer, maxOfPrincipal);
    for (let each = next(); each && each !== newcomer; each = next()) {
      const displaced = each;
      counters.displacedAssociations++;
      contain(displaced, () => displaced.giveWay());
      table.delete(displaced);
    }
  }

  function fail(mine: Pending, failure: HandshakeFailure): void {
    mine.handshake?.abandon();
    pending.delete(mine);
    const told = (inVain.has(failure) && mine.handshake?.suspicion) || failure;
    counters.failures[told]++;
    settings.onHandshakeFailed?.(mine.peer, told);
  }

  /** Serving a peer threw: `end` costs this peer what it has open. */
  function blame(error: unknown, peer: Peer, end: () => void): void {
    try {
      end();
    } catch (second) {
      settings.onError(second, peer);
    }
    settings.onError(error, peer);
  }

  function giveUp(mine: Pending | undefined): void {
    if (mine && pending.get(mine.key) === mine) fail(mine, 'internal-error');
  }

  function contain(association: ServerAssociation<P>, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof Malformed) throw error;
      blame(error, association.peer, () => association.abort('internalError'));
    }
  }

  function drop(reason: DropReason, peer: Peer): void {
    counters.dropped[reason]++;
    settings.onDropped?.(peer, reason);
  }

  function newConnectionId(): Buffer {
    let id = ownCopy(randomBytes(connectionIdBytes));
    while (table.withConnectionId(id)) id = ownCopy(randomBytes(connectionIdBytes));
    return id;
  }

  /** Records of the first epoch: anybody can make them. Returns whether a HelloVerifyRequest went out. */
  function takePlain(
    { type, sequence, fragment }: DtlsRecord,
    peer: Peer,
    key: string,
    isAnswered: boolean,
  ): boolean {
    // An alert here could be anybody's and ends nothing, and a ChangeCipherSpec says nothing that the epoch does not say.
    if (type === contentType.alert && readAlert(fragment) === 'fatal') complainedOf(key);
    if (type !== contentType.handshake) return isAnswered;
    let answered = isAnswered;
    for (const each of readFragments(fragment)) {
      if (each === undefined) drop('malformed', peer);
      else if (each.type === handshakeType.clientHello)
        answered = desk.take(each, { peer, key, recordSequence: sequence, isAnswered: answered }) || answered;
      else takeMessage(each, peer, key);
    }
    return answered;
  }

  function complainedOf(key: string): void {
    const mine = pending.get(key);
    if (mine) pending.move(mine, 'failed');
  }

  function takeMessage(fragment: HandshakeFragment, peer: Peer, key: string): void {
    const mine = pending.get(key);
    if (mine) mine.heardAt = monotonic();
    if (mine?.handshake) mine.handshake.add(fragment);
    else drop('unexpected', peer);
  }

  /** Returns whether it was answered, as one in an association that is not known. */
  function takeProtected(record: DtlsRecord, peer: Peer, key: string, isAnswered: boolean): boolean {
    const isHidden = record.type === contentType.tls12Cid;
    const mine = pending.get(key);
    const handshake = mine?.handshake;
    const isItsOwn = handshake?.connectionId.equals(record.connectionId) === true;
    if (mine && isItsOwn) mine.heardAt = monotonic();
    const association = isHidden ? table.withConnectionId(record.connectionId) : table.atAddress(key);
    // Whose it is only the keys tell: at one address there may be an association and the handshake of the next one.
    let opened: 'taken' | DropReason = 'unknown-association';
    if (isItsOwn && handshake.hasKeys) opened = handshake.open(record);
    if (opened !== 'taken' && association) opened = openBy(association, record, peer);
    if (opened === 'taken') return isAnswered;
    if (isItsOwn && !handshake.hasKeys) {
      handshake.hold(record);
      return isAnswered;
    }
    if (isItsOwn && opened === 'not-authentic') handshake.doubt();
    drop(opened, peer);
    // While somebody makes an association there, an alert that nothing protects would end the handshake.
    const isStray = !isHidden && !association && !pending.get(key) && !isAnswered;
    return isStray ? tellUnknown(record, peer, key) : isAnswered;
  }

  function tellUnknown(record: DtlsRecord, peer: Peer, key: string): boolean {
    const answer = strayAlerts.answerTo(record, key);
    if (!answer) return false;
    counters.strayAlerts++;
    settings.send(answer, peer);
    return true;
  }

  function openBy(association: ServerAssociation<P>, record: DtlsRecord, peer: Peer): 'taken' | Unopened {
    const opened = association.records.open(record);
    if (typeof opened === 'string') return opened;
    const now = monotonic();
    if (secondsOf(now) > secondsOf(association.lastHeardAt)) table.heard(association);
    association.lastHeardAt = now;
    contain(association, () => {
      const from = association.heardFrom(peer, record.fragment.length + recordHeaderBytes, opened);
      association.take(opened, from);
    });
    return 'taken';
  }

  return {
    counters,
    get associations() {
      return table.size;
    },
    get pendingHandshakes() {
      return pending.underWay;
    },
    get sessions() {
      return sessions.size;
    },
    associationsOf: (key) => [...table.of(key)],
    forgetSessions: (key, which = () => true) => sessions.forgetOf(key, which),
    receive(datagram, peer) {
      if (isClosed) return;
      const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
      const key = peerKey(peer);
      let isAnswered = false;
      try {
        for (const record of readRecords(bytes, connectionIdBytes)) {
          if (record === undefined) drop('malformed', peer);
          else if (record.epoch === 0) isAnswered = takePlain(record, peer, key, isAnswered);
          else if (record.epoch === 1) isAnswered = takeProtected(record, peer, key, isAnswered);
          else drop('unexpected', peer);
        }
      } catch (error) {
        if (error instanceof Malformed) drop('malformed', peer);
        else blame(error, peer, () => giveUp(pending.get(key)));
      }
    },
    close() {
      isClosed = true;
      ticks.stop();
      sweeps.stop();
      for (const each of pending)
        try {
          fail(each, 'closing');
        } catch (error) {
          settings.onError(error, each.peer);
        }
      for (const association of table) contain(association, () => association.close());
    },
  };
}

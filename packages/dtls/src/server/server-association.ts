import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { OpenedRecord, SecureRecords } from '../crypto/secure-records.ts';
import { alertMessage, readAlert, type AlertName } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import type { Association, CloseReason } from './association.ts';
import { aCandidate, maySendTo, type Candidate } from './candidate.ts';
import type { FinalFlight } from './outgoing-flight.ts';
import { isSamePeer, type Peer } from './peer.ts';

/** What associations need of their server. */
export interface AssociationHost<P> {
  send(datagram: Buffer, peer: Peer): void;
  repeat(flight: FinalFlight, association: ServerAssociation<P>): void;
  onMessage(association: ServerAssociation<P>, plaintext: Buffer, from: Peer): void;
  /** An authentic record without data, and without close_notify. */
  onSign(association: ServerAssociation<P>): void;
  /** The newest data came from a candidate, or with `undefined` from the known address, where there had been a candidate. */
  onCandidate(association: ServerAssociation<P>, candidate: Peer | undefined): void;
  onConfirmed(association: ServerAssociation<P>, peer: Peer): void;
  onEnded(association: ServerAssociation<P>, reason: CloseReason): void;
  forgetSession(id: Buffer): void;
}

export interface AssociationStart<P> {
  readonly host: AssociationHost<P>;
  readonly peer: Peer;
  readonly peerKey: string;
  readonly principal: P;
  readonly cipherSuite: CipherSuiteName;
  readonly isResumed: boolean;
  readonly sessionId: Buffer;
  readonly records: SecureRecords;
  readonly finalFlight: FinalFlight | undefined;
  readonly openedAt: number;
}

/** A class: a server has tens of thousands, and methods on a prototype cost each of them nothing. */
export class ServerAssociation<P> implements Association<P> {
  peer: Peer;
  peerKey: string;
  readonly principal: P;
  readonly cipherSuite: CipherSuiteName;
  readonly isResumed: boolean;
  data: unknown = undefined;
  readonly records: SecureRecords;
  lastHeardAt: number;
  readonly openedAt: number;
  finalFlight: FinalFlight | undefined;
  /**
   * `detached`: it stays, but has no address: another client has proved that the address is its own. It becomes `open` again
   * by `confirmPeer`, or `ended`.
   */
  #state: 'open' | 'detached' | 'ended' = 'open';
  #candidate: Candidate | undefined;
  readonly #host: AssociationHost<P>;
  readonly #sessionId: Buffer;

  constructor(start: AssociationStart<P>) {
    this.peer = start.peer;
    this.peerKey = start.peerKey;
    this.principal = start.principal;
    this.cipherSuite = start.cipherSuite;
    this.isResumed = start.isResumed;
    this.records = start.records;
    this.lastHeardAt = start.openedAt;
    this.openedAt = start.openedAt;
    this.finalFlight = start.finalFlight;
    this.#host = start.host;
    this.#sessionId = start.sessionId;
  }

  get isOpen(): boolean {
    return this.#state !== 'ended';
  }

  get isDetached(): boolean {
    return this.#state === 'detached';
  }

  get hasConnectionId(): boolean {
    return this.records.readConnectionId.length > 0;
  }

  get candidatePeer(): Peer | undefined {
    return this.#candidate?.peer;
  }

  send(bytes: Uint8Array): void {
    if (this.isOpen) this.#send(contentType.applicationData, bytes);
  }

  sendToCandidate(peer: Peer, bytes: Uint8Array): boolean {
    const candidate = this.#candidate;
    if (!this.isOpen || candidate?.peer !== peer || this.records.isExhausted) return false;
    const record = this.records.seal(contentType.applicationData, bytes);
    if (!maySendTo(candidate, record.length)) return false;
    candidate.sentBytes += record.length;
    this.#host.send(record, peer);
    return true;
  }

  confirmPeer(peer: Peer): boolean {
    if (!this.isOpen || this.#candidate?.peer !== peer) return false;
    this.#candidate = undefined;
    this.#state = 'open';
    this.#host.onConfirmed(this, peer);
    return true;
  }

  /** Another client has proved that the address is its own. */
  detach(): void {
    if (this.isOpen) this.#state = 'detached';
  }

  /** An authentic record came from there. Returns the `Peer` object for that place. */
  heardFrom(from: Peer, bytes: number, { isNewest, type }: OpenedRecord): Peer {
    const isAtHome = !this.isDetached && isSamePeer(from, this.peer);
    const isKnownCandidate = this.#candidate !== undefined && isSamePeer(from, this.#candidate.peer);
    if (isAtHome) {
      if (isNewest && this.#candidate) this.#setCandidate(undefined);
      return this.peer;
    }
    // Only the newest record may show where a peer is (RFC 9146 §6).
    if (!isNewest && !isKnownCandidate) return from;
    const candidate = isKnownCandidate && this.#candidate ? this.#candidate : aCandidate(from);
    candidate.receivedBytes += bytes;
    // A close_notify needs no answer.
    if (isNewest && type === contentType.applicationData) this.#setCandidate(candidate);
    return candidate.peer;
  }

  close(): void {
    this.end('closed', alertMessage('warning', 'closeNotify'));
  }

  abort(alert: AlertName): void {
    this.#host.forgetSession(this.#sessionId);
    this.end('aborted', alertMessage('fatal', alert));
  }

  /** The peer sent nothing for too long. */
  expire(): void {
    this.end('idle', alertMessage('warning', 'closeNotify'));
  }

  /** There are too many associations, and this one gives way. */
  giveWay(): void {
    this.end('displaced', alertMessage('warning', 'closeNotify'));
  }

  /** Ends it, with an alert to the peer if there is one. */
  end(reason: CloseReason, alert?: Buffer): void {
    if (!this.isOpen) return;
    if (alert) this.#send(contentType.alert, alert);
    this.#state = 'ended';
    this.finalFlight = undefined;
    this.#host.onEnded(this, reason);
  }

  /** Handles an authentic record of the peer. */
  take({ type, bytes }: OpenedRecord, from: Peer): void {
    if (type === contentType.applicationData) {
      // The peer has our Finished: otherwise it would not send anything but Finished.
      this.finalFlight = undefined;
      if (bytes.length > 0) this.#host.onMessage(this, bytes, from);
      else this.#host.onSign(this);
    } else if (type === contentType.alert) this.#takeAlert(bytes);
    else {
      this.#host.onSign(this);
      if (type === contentType.handshake) this.#takeHandshake(bytes);
    }
  }

  #setCandidate(candidate: Candidate | undefined): void {
    this.#candidate = candidate;
    this.#host.onCandidate(this, candidate?.peer);
  }

  #takeAlert(bytes: Buffer): void {
    const alert = readAlert(bytes);
    // RFC 5246 §7.2.1: a close_notify is answered with one.
    if (alert === 'close-notify') this.end('close-notify', alertMessage('warning', 'closeNotify'));
    else this.#host.onSign(this);
    if (alert !== 'fatal') return;
    this.#host.forgetSession(this.#sessionId);
    this.end('alert');
  }

  #takeHandshake(bytes: Buffer): void {
    if (bytes[0] === handshakeType.finished && this.finalFlight) this.#host.repeat(this.finalFlight, this);
    // A client that wants new keys makes a new association (RFC 5746 §4.5).
    if (bytes[0] === handshakeType.clientHello)
      this.#send(contentType.alert, alertMessage('warning', 'noRenegotiation'));
  }

  #send(type: number, bytes: Uint8Array): void {
    if (this.records.isExhausted) {
      this.#state = 'ended';
      this.#host.onEnded(this, 'closed');
    } else if (!this.isDetached) this.#host.send(this.records.seal(type, bytes), this.peer);
  }
}

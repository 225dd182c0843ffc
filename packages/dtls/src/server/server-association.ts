import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { OpenedRecord, SecureRecords } from '../crypto/secure-records.ts';
import { alertMessage, readAlert, type AlertName } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import type { Association, CloseReason } from './association.ts';
import type { FinalFlight } from './outgoing-flight.ts';
import type { Peer } from './peer.ts';

/** What associations need of their server. */
export interface AssociationHost<P> {
  send(datagram: Buffer, peer: Peer): void;
  repeat(flight: FinalFlight, association: ServerAssociation<P>): void;
  onMessage(association: ServerAssociation<P>, plaintext: Buffer): void;
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
  isOpen = true;
  data: unknown = undefined;
  readonly records: SecureRecords;
  lastHeardAt: number;
  readonly openedAt: number;
  finalFlight: FinalFlight | undefined;
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

  get hasConnectionId(): boolean {
    return this.records.readConnectionId.length > 0;
  }

  send(bytes: Uint8Array): void {
    if (this.isOpen) this.#send(contentType.applicationData, bytes);
  }

  close(): void {
    this.end('closed', alertMessage('warning', 'closeNotify'));
  }

  abort(alert: AlertName): void {
    this.#host.forgetSession(this.#sessionId);
    this.end('aborted', alertMessage('fatal', alert));
  }

  /** Nothing was heard for too long. */
  expire(): void {
    this.end('idle', alertMessage('warning', 'closeNotify'));
  }

  /** Ends it, with a last word to the peer or without. */
  end(reason: CloseReason, alert?: Buffer): void {
    if (!this.isOpen) return;
    if (alert) this.#send(contentType.alert, alert);
    this.isOpen = false;
    this.finalFlight = undefined;
    this.#host.onEnded(this, reason);
  }

  /** What an authentic record of the peer says. */
  take({ type, bytes }: OpenedRecord): void {
    if (type === contentType.applicationData) {
      // The peer has our Finished: it would not send anything else.
      this.finalFlight = undefined;
      if (bytes.length > 0) this.#host.onMessage(this, bytes);
    } else if (type === contentType.alert) this.#takeAlert(bytes);
    else if (type === contentType.handshake) this.#takeHandshake(bytes);
  }

  #takeAlert(bytes: Buffer): void {
    const alert = readAlert(bytes);
    // RFC 5246 §7.2.1: answered in kind.
    if (alert === 'close-notify') this.end('close-notify', alertMessage('warning', 'closeNotify'));
    if (alert !== 'fatal') return;
    this.#host.forgetSession(this.#sessionId);
    this.end('alert');
  }

  #takeHandshake(bytes: Buffer): void {
    if (bytes[0] === handshakeType.finished && this.finalFlight) this.#host.repeat(this.finalFlight, this);
    // Whoever wants new keys makes a new association (RFC 5746 §4.5).
    if (bytes[0] === handshakeType.clientHello)
      this.#send(contentType.alert, alertMessage('warning', 'noRenegotiation'));
  }

  #send(type: number, bytes: Uint8Array): void {
    if (this.records.isExhausted) {
      this.isOpen = false;
      this.#host.onEnded(this, 'closed');
    } else this.#host.send(this.records.seal(type, bytes), this.peer);
  }
}

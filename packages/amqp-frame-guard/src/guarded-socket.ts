import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isClose } from './is-close.ts';
import { Conversation, type ConversationOptions, type FrameFacts } from './conversation.ts';
import { createForesight, type ForeseenEnd } from './foresight.ts';
import { createFrameSplitter, type Unit } from './frame-splitter.ts';
import { defaultGuardLimits, type GuardLimits } from './guard-limits.ts';
import { Malformed, type Condition } from './malformed.ts';

export interface GuardedSocketOptions {
  readonly limits?: Partial<GuardLimits>;
  /** Whether a client may leave SASL out. */
  readonly allowWithoutSasl?: boolean;
  /** Whether SASL has succeeded. AMQP frames that a client sends before that wait. */
  saslDone(): boolean;
  /** See `ConversationOptions`. */
  creditOf?(channel: number, handle: number): number | undefined;
  /** See `ConversationOptions`. */
  readonly mayAskForTransactions?: boolean;
  /** See `ConversationOptions`. */
  readonly onDiscard?: ConversationOptions['onDiscard'];
  /**
   * Called once, with the reason, when a client breaks a rule: nothing more of it is handed on. Default: the connection is cut, and
   * the library hears that it is gone. `closes`: the server closes it in its own time, as one that tells the client the condition.
   */
  onViolation(problem: string, condition: Condition): void | 'closes';
  /** Called for every whole frame: single bytes do not prove that the peer is alive. */
  onFrame?(): void;
  /** Called when the peer closed its side. The library gets the `end` once the result is settled. */
  onHungUp?(): Promise<void>;
}

const protocolIds = { amqp: 0, sasl: 3 } as const;
/** Bytes that may wait for a peer that does not read. */
const maxUnreadBytes = 8_388_608;
/** Handed on in one turn of the event loop: eight thousand frames fit into the 64 kB that are read at once. */
const framesPerTurn = 100;

/**
 * A socket as an AMQP library sees it (`data`, `error`, `end`; `write`, `end`, `destroy`), which hands on whole frames that a
 * client may send, and nothing else. A client that breaks a rule is cut off; the library hears that it is gone.
 */
export class GuardedSocket extends EventEmitter {
  readonly #socket: Socket;
  readonly #options: GuardedSocketOptions;
  readonly #limits: GuardLimits;
  readonly #conversation: Conversation;
  readonly #splitter = createFrameSplitter();
  #phase: 'start' | 'sasl' | 'amqp' | 'over' = 'start';
  #held: Unit | undefined;
  #holding = false;
  #foresee: ((bytes: Uint8Array) => ForeseenEnd | undefined) | undefined;
  #foreseen: ForeseenEnd | undefined;
  #dropped = false;
  /** A rule was broken: what comes is discarded. */
  #violated = false;
  /** Other connections have their turn: the rest of what was read waits for the next turn of the event loop. */
  #resting = false;
  /** What to do once everything was handed on that arrived before the end of the connection. */
  #ending: (() => void) | undefined;

  constructor(socket: Socket, options: GuardedSocketOptions) {
    super();
    this.#socket = socket;
    this.#options = options;
    this.#limits = { ...defaultGuardLimits, ...options.limits };
    this.#conversation = new Conversation({
      limits: this.#limits,
      ...(options.creditOf && { creditOf: options.creditOf }),
      ...(options.onDiscard && { onDiscard: options.onDiscard }),
      mayAskForTransactions: options.mayAskForTransactions ?? false,
    });
    socket.on('data', (chunk: Uint8Array) => {
      if (this.#violated) return;
      this.#splitter.push(chunk);
      this.#release();
    });
    const end = (): void => this.#over(() => this.emit('end'));
    socket.on('error', (error) => this.#afterAll(() => this.#over(() => this.emit('error', error))));
    socket.on('close', () => this.#afterAll(end));
    socket.on('end', () => this.#afterAll(() => void (options.onHungUp?.().finally(end) ?? end())));
  }

  /** About the attach or transfer that is handed on right now; the library takes it within `data`. */
  get facts(): FrameFacts {
    return this.#conversation.facts;
  }

  /** Whether the peer has said, behind all that waits here, that it closes the connection. */
  get saidClose(): boolean {
    this.#takeLeftovers();
    for (const frame of this.#splitter.waiting()) if (isClose(frame)) return true;
    return false;
  }

  /** Hands nothing on, and reads no more, until {@link resume}: what the peer says waits. To be called for its Open. */
  hold(): void {
    this.#holding = true;
    this.#socket.pause();
    // What waits in the socket comes before what arrives now.
    if (this.#socket.readableLength > 0) return;
    const { onDiscard } = this.#options;
    this.#foresee = createForesight({
      limits: this.#limits,
      mayAskForTransactions: this.#options.mayAskForTransactions ?? false,
      ...(onDiscard && { onDiscard }),
    });
    this.foresee(this.#splitter.held());
  }

  /** To be called with what arrives, before it is read here. */
  foresee(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#foreseen = this.#foresee?.(bytes);
  }

  /** How the peer ends its connection in what waits since {@link hold}. */
  get foreseen(): ForeseenEnd | undefined {
    return this.#foreseen;
  }

  resume(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#foresee = undefined;
    this.#takeLeftovers();
    if (!this.#resting) this.#socket.resume();
    this.#release();
  }

  /** Cuts the connection; what waits is handed on no more. */
  drop(): void {
    this.#holding = false;
    this.#dropped = true;
    this.#socket.destroy();
  }

  /** What had arrived when the connection broke is with the socket, which hands it on no more. */
  #takeLeftovers(): void {
    if (!this.#socket.destroyed) return;
    const bytes = this.#socket.read() as Uint8Array | null;
    if (bytes) this.#splitter.push(bytes);
  }

  /** Hands on what may be handed on by now. */
  #release(): void {
    let framesLeft = framesPerTurn;
    try {
      while (this.#mayHandOn && this.#takeNext()) {
        framesLeft -= this.#conversation.turnShare;
        if (framesLeft <= 0) this.#rest();
      }
    } catch (error) {
      if (error instanceof Malformed) this.#cut(error.message, error.condition);
      else throw error;
    }
    if (this.#ending && !this.#isWaiting) this.#ending();
  }

  get #mayHandOn(): boolean {
    return this.#phase !== 'over' && !this.#holding && !this.#dropped && !this.#violated && !this.#resting;
  }

  #rest(): void {
    this.#resting = true;
    this.#socket.pause();
    setImmediate(() => {
      this.#resting = false;
      if (!this.#holding) this.#socket.resume();
      this.#release();
    });
  }

  /** Whether what arrived is not handed on for now. */
  get #isWaiting(): boolean {
    return !this.#dropped && !this.#violated && (this.#holding || this.#resting || this.#held !== undefined);
  }

  /** The end comes after all that arrived before it. */
  #afterAll(end: () => void): void {
    this.#takeLeftovers();
    this.#release();
    if (this.#isWaiting) this.#ending ??= end;
    else end();
  }

  get encrypted(): boolean {
    return 'encrypted' in this.#socket;
  }

  get authorized(): boolean {
    return (this.#socket as TLSSocket).authorized;
  }

  getPeerCertificate(detailed?: boolean): object | undefined {
    return this.encrypted ? (this.#socket as TLSSocket).getPeerCertificate(detailed === true) : undefined;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  setNoDelay(noDelay: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  write(bytes: Uint8Array): boolean {
    const drained = this.#socket.write(bytes);
    // What was written may have been the outcome of SASL.
    if (this.#held) setImmediate(() => this.#release());
    if (this.#socket.writableLength > maxUnreadBytes)
      this.#cut('does not read', 'amqp:resource-limit-exceeded');
    return drained;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Whether there was a whole unit that could be handed on. */
  #takeNext(): boolean {
    const { maxFrameBytes, maxSaslFrameBytes } = this.#limits;
    const inAmqp = this.#phase === 'amqp';
    if (!inAmqp && this.#splitter.heldBytes > 2 * maxFrameBytes)
      throw new Malformed('says too much before it was let in', 'amqp:resource-limit-exceeded');
    const unit = this.#held ?? this.#splitter.next(inAmqp ? maxFrameBytes : maxSaslFrameBytes);
    if (!unit) return false;
    let { bytes } = unit;
    if (unit.kind === 'header') {
      if (!this.#mayBegin(unit)) return false;
    } else if (this.#phase === 'start') {
      throw new Malformed('does not begin with a protocol header', 'amqp:connection:framing-error');
    } else if (inAmqp) {
      bytes = this.#conversation.amqp(bytes);
    } else {
      this.#conversation.sasl(bytes);
    }
    this.#options.onFrame?.();
    this.emit('data', bytes);
    return true;
  }

  /** Whether a protocol may begin with this header now; else it waits, with all that follows. */
  #mayBegin(header: Unit): boolean {
    const [, , , , id, major, minor, revision] = header.bytes;
    if (major !== 1 || minor !== 0 || revision !== 0)
      throw new Malformed('speaks another version', 'amqp:connection:framing-error');
    if (this.#phase === 'start' && id === protocolIds.sasl) {
      this.#phase = 'sasl';
      return true;
    }
    const { allowWithoutSasl = false, saslDone } = this.#options;
    const mayFollow = this.#phase === 'sasl' || (this.#phase === 'start' && allowWithoutSasl);
    if (id !== protocolIds.amqp || !mayFollow)
      throw new Malformed('begins what it may not begin', 'amqp:connection:framing-error');
    // A client does not have to wait for the outcome of SASL before it goes on (AMQP 1.0 §5.3.2).
    const isHeld = this.#phase === 'sasl' && !saslDone();
    this.#held = isHeld ? header : undefined;
    if (!isHeld) this.#phase = 'amqp';
    return !isHeld;
  }

  #cut(problem: string, condition: Condition): void {
    if (this.#phase === 'over' || this.#violated) return;
    this.#violated = true;
    const isToldSo = this.#options.onViolation(problem, condition) === 'closes';
    // What is not read when a socket closes takes what was written with it.
    if (isToldSo && this.#socket.writableLength <= maxUnreadBytes) return void this.#socket.resume();
    if (this.#phase === 'start') this.#sayWhatIsSpoken();
    else this.#socket.destroy();
    this.#over(() => this.emit('end'));
  }

  /** A client that begins with anything else hears the header of what it may begin with (AMQP 1.0 §2.2). */
  #sayWhatIsSpoken(): void {
    const id = this.#options.allowWithoutSasl === true ? protocolIds.amqp : protocolIds.sasl;
    const header = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, id, 1, 0, 0);
    this.#socket.end(header, () => this.#socket.destroy());
  }

  #over(tell: () => void): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    tell();
  }
}

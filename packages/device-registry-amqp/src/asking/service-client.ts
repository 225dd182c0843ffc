import { randomUUID } from 'node:crypto';
import {
  createAmqpConnection,
  type AmqpConnection,
  type AmqpConnectionOptions,
} from '@rollcall/amqp-connection';
import type { SendOutcome } from '@rollcall/amqp-connection/links';
import { patientClock } from '@rollcall/containment';
import { later, type Clock } from '@rollcall/core/environment';
import type { RegistryService } from '@rollcall/core/registry';
import { createFairQueue } from '@rollcall/core/sharing';
import type { ReceivedMessage } from '@rollcall/hono-wire';
import type { ServiceSettings } from '../module/service-settings.ts';
import { LinkPair } from './link-pair.ts';
import { neutralQuestion } from './neutral-question.ts';
import type { Asked, Failed, Failure, OpenQuestion, Question } from './question.ts';
import { readAnswer } from './read-answer.ts';
import { Reachability } from './reachability.ts';

/** Pairs of links open at a time; the one unused for longest is closed for a new one. Pairs with open questions stay. */
const defaultMaxPairs = 1_000;
/** Questions that may wait for their turn. */
const maxWaiting = 10_000;

/** What a test sets. */
export interface ServiceClientParts {
  connect?(options: AmqpConnectionOptions): AmqpConnection;
  /** Default 1,000. */
  readonly maxPairs?: number;
}

type Counts = Record<'answered' | Failure, number>;

/** A question in the queue, and its owner. */
interface Turn {
  readonly owner: string;
  readonly open: OpenQuestion;
}

/**
 * Asks one service over one connection. As many questions are under way at a time as the service has credit for answers; tenants take
 * turns. A question that was under way when the connection was lost is asked again on the next one, while there is time.
 */
export class ServiceClient {
  readonly name: string;
  readonly #settings: ServiceSettings;
  readonly #maxPairs: number;
  /** The clock for time-outs of the service: it stops while this process stands still. */
  readonly #patience: Clock;
  readonly #connection: AmqpConnection;
  readonly #reachability: Reachability;
  /** By address, in the order of use. */
  readonly #pairs = new Map<string, LinkPair>();
  readonly #queue = createFairQueue<Turn>();
  /** Questions that have their turn, by message id. */
  readonly #outstanding = new Map<string, OpenQuestion>();
  readonly #counts: Counts = { answered: 0, away: 0, timeout: 0, refused: 0, busy: 0, unusable: 0 };
  #heard = 0;
  /** Whether it answers, while that is asked. */
  #probing: Promise<boolean> | undefined;
  #isHandingOut = false;
  #isClosed = false;

  /** @param reachable called whenever it can be asked, or cannot any more. */
  constructor(
    name: string,
    settings: ServiceSettings,
    clock: Clock,
    reachable: (reachable: boolean) => void,
    { connect = createAmqpConnection, maxPairs = defaultMaxPairs }: ServiceClientParts = {},
  ) {
    this.name = name;
    this.#maxPairs = maxPairs;
    this.#settings = settings;
    this.#patience = patientClock(clock);
    this.#reachability = new Reachability({
      clock,
      patienceMs: settings.linkTimeoutMs,
      changed: reachable,
      probe: (question) => void this.#answersAny(question),
    });
    this.#connection = connect({
      ...settings.connection,
      onStateChange: (connected) => {
        this.#reachability.connected(connected);
        if (!connected) this.#lost();
      },
    });
  }

  get reachable(): boolean {
    return this.#reachability.reachable;
  }

  /** Resolves once there is a connection; rejects when `signal` aborts or it is closed first. */
  whenConnected(signal: AbortSignal): Promise<void> {
    return this.#connection.whenConnected(signal);
  }

  /** Never rejects. @param owner whose turn it takes. */
  ask(question: Question, owner: string): Promise<Asked> {
    if (this.#isClosed || !this.#reachability.isConnected)
      return Promise.resolve(this.#failure('away', false));
    if (this.#queue.size >= maxWaiting) return Promise.resolve(this.#failure('busy', true));
    return this.#ask(question, owner, false);
  }

  #ask(question: Question, owner: string, isProbe: boolean): Promise<Asked> {
    return new Promise((resolve) => {
      const open: OpenQuestion = {
        id: `${this.name}-client-${randomUUID()}`,
        question,
        isProbe,
        sendBy: later(this.#patience.monotonic(), this.#settings.linkTimeoutMs),
        heardBefore: this.#heard,
        disarm: () => {},
        done: resolve,
      };
      const turn = { owner, open };
      open.disarm = this.#patience.at(open.sendBy, () => {
        this.#queue.remove(owner, turn);
        this.#expire(open);
      });
      this.#queue.push(owner, turn);
      this.#next();
    });
  }

  figures(): Pick<RegistryService, 'name' | 'reachable' | 'outstanding' | 'outcomes'> {
    return {
      name: this.name,
      reachable: this.reachable,
      outstanding: this.#outstanding.size + this.#queue.size,
      outcomes: { ...this.#counts },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reachability.close();
    for (let turn = this.#queue.shift(); turn; turn = this.#queue.shift()) this.#fail(turn.open, 'away');
    for (const open of this.#outstanding.values()) this.#fail(open, 'away');
    await Promise.all([...this.#pairs.values()].map((pair) => pair.close()));
    await this.#connection.close();
  }

  /** A question may have its result while it is handed to its link, and that makes room for the next one: here, not further down the stack. */
  #next(): void {
    if (this.#isHandingOut) return;
    this.#isHandingOut = true;
    try {
      this.#handOut();
    } finally {
      this.#isHandingOut = false;
    }
  }

  #handOut(): void {
    while (!this.#isClosed && this.#outstanding.size < this.#settings.maxOutstanding) {
      const turn = this.#queue.shift();
      if (!turn) return;
      this.#outstanding.set(turn.open.id, turn.open);
      this.#pairOf(turn.open.question.address).ask(turn.open);
    }
  }

  #pairOf(address: string): LinkPair {
    const known = this.#pairs.get(address);
    if (known) {
      this.#pairs.delete(address);
      this.#pairs.set(address, known);
      return known;
    }
    const pair = new LinkPair(this.#connection, {
      address,
      replyTo: `${address}/${randomUUID()}`,
      requestTimeoutMs: this.#settings.requestTimeoutMs,
      maxOutstanding: this.#settings.maxOutstanding,
      heard: (message) => this.#received(message),
      sent: (open) => this.#sent(open),
      failed: (open, outcome) => this.#notDelivered(open, outcome),
    });
    this.#pairs.set(address, pair);
    this.#closeUnused(pair);
    return pair;
  }

  /** An answer over a link that is closed would not arrive. */
  #closeUnused(newest: LinkPair): void {
    for (const [address, pair] of this.#pairs) {
      if (this.#pairs.size <= this.#maxPairs) return;
      if (pair === newest || pair.isUsed) continue;
      this.#pairs.delete(address);
      void pair.close();
    }
  }

  #sent(open: OpenQuestion): void {
    open.disarm();
    open.heardBefore = this.#heard;
    const answerBy = later(this.#patience.monotonic(), this.#settings.requestTimeoutMs);
    open.disarm = this.#patience.at(answerBy, () => this.#expire(open));
  }

  /** @returns whether it answers a question that is under way. */
  #received(message: ReceivedMessage): boolean {
    const open = this.#outstanding.get(message.correlationId ?? '');
    if (!open) return false;
    const answer = readAnswer(message);
    this.#counts[answer.kind === 'answered' ? 'answered' : answer.why] += 1;
    if (answer.kind === 'answered' && answer.status === 503) {
      this.#finish(open, this.#unable(open));
      return true;
    }
    this.#heard += 1;
    this.#reachability.answered();
    this.#finish(open, answer);
    return true;
  }

  /** The service says that it cannot answer: no question, e.g. because its database is away, or only this one. */
  async #unable(open: OpenQuestion): Promise<Failed> {
    const answersOthers =
      this.reachable &&
      (this.#heard > open.heardBefore || (!open.isProbe && (await this.#answersAny(open.question))));
    if (!answersOthers && this.#connection.connected()) this.#reachability.unanswered(open.question);
    return { kind: 'failed', why: 'timeout', onlyThis: answersOthers };
  }

  /** Whether the service answers any question. It is asked once for all who want to know. */
  #answersAny({ address }: Question): Promise<boolean> {
    const heardBefore = this.#heard;
    this.#probing ??= this.#ask(neutralQuestion(address), '', true).then(() => {
      this.#probing = undefined;
      return this.#heard > heardBefore;
    });
    return this.#probing;
  }

  /** The service answers a question only over the connection of the question. */
  #lost(): void {
    for (const open of [...this.#outstanding.values()]) this.#notDelivered(open, { status: 'disconnected' });
  }

  #notDelivered(open: OpenQuestion, outcome: SendOutcome): void {
    if (!this.#outstanding.has(open.id)) return;
    // The question waits for the next connection: it is safe to ask twice.
    if (outcome.status === 'disconnected' && !this.#isClosed && this.#patience.monotonic() < open.sendBy) {
      open.disarm();
      open.disarm = this.#patience.at(open.sendBy, () => this.#expire(open));
      return this.#pairOf(open.question.address).ask(open);
    }
    if (isRefusal(outcome)) return this.#fail(open, 'refused', true);
    return this.#expire(open);
  }

  #expire(open: OpenQuestion): void {
    if (!this.#connection.connected()) return this.#fail(open, 'away');
    const answersOthers = this.#heard > open.heardBefore;
    if (!answersOthers) this.#reachability.unanswered(open.question);
    return this.#fail(open, 'timeout', answersOthers);
  }

  #fail(open: OpenQuestion, why: Failure, onlyThis = false): void {
    this.#finish(open, this.#failure(why, onlyThis));
    this.#reachability.failed();
  }

  #failure(why: Failure, onlyThis: boolean): Asked {
    this.#counts[why] += 1;
    return { kind: 'failed', why, onlyThis };
  }

  #finish(open: OpenQuestion, asked: Asked | Promise<Asked>): void {
    open.disarm();
    this.#outstanding.delete(open.id);
    this.#pairs.get(open.question.address)?.forget(open);
    open.done(asked);
    this.#next();
  }
}

/** Whether the service refused this question. */
function isRefusal(outcome: SendOutcome): boolean {
  const { status } = outcome;
  if (status === 'attach-refused') return outcome.unanswered !== true;
  return status === 'rejected' || status === 'released' || status === 'modified' || status === 'unsettled';
}

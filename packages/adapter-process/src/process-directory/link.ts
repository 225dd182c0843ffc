import type { CallName, Calls, Channel, Question, Told, ToParent, ToProcess } from './calls.ts';

/** Questions in a message, at most. */
const maxAtATime = 1_000;

/** This incarnation was declared dead. */
class Refused extends Error {}

interface Asked {
  readonly question: Question;
  readonly answer: PromiseWithResolvers<unknown>;
}

/**
 * The questions of one process, in order. A message costs more than what is in it: so what is asked in one turn of the event loop goes
 * together, and what is asked until that is answered goes together next.
 */
export class Link {
  readonly #channel: Channel<ToParent, ToProcess>;
  readonly #underWay = new Map<number, Asked>();
  #waiting: Asked[] = [];
  #number = 0;
  #isSending = false;

  constructor(channel: Channel<ToParent, ToProcess>, told: (told: Told) => void) {
    this.#channel = channel;
    channel.receive((messages) => {
      for (const message of messages) {
        if ('what' in message) {
          // Those who wait for an answer that came before it go first.
          queueMicrotask(() => told(message));
          continue;
        }
        const { number } = message;
        const asked = this.#underWay.get(number);
        this.#underWay.delete(number);
        if ('refused' in message) asked?.answer.reject(new Refused('this incarnation was declared dead'));
        else asked?.answer.resolve(message.answered);
      }
      this.#sendSoon();
    });
  }

  /** Rejects with {@link Refused}. */
  ask<Name extends CallName>(call: Name, asked: Calls[Name]['asked']): Promise<Calls[Name]['answered']> {
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push({ question: { number: (this.#number += 1), call, asked }, answer });
    this.#sendSoon();
    return answer.promise as Promise<Calls[Name]['answered']>;
  }

  /** Nobody waits for an answer. */
  tell<Name extends CallName>(call: Name, asked: Calls[Name]['asked']): void {
    this.ask(call, asked).catch(() => {});
  }

  #sendSoon(): void {
    if (this.#isSending || this.#underWay.size > 0 || this.#waiting.length === 0) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#isSending = false;
      const some = this.#waiting.splice(0, maxAtATime);
      for (const each of some) this.#underWay.set(each.question.number, each);
      this.#channel.send(some.map(({ question }) => question));
    });
  }
}

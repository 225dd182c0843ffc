import { field } from './fields.ts';
import { bodyOf, expectNoPayload, frameTypes, performativeOf } from './frame.ts';
import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { performatives, type Performative } from './performative.ts';

/** What a client may say in SASL: one `init`, and then responses (AMQP 1.0 §5.3). */
export class SaslExchange {
  readonly #limits: GuardLimits;
  #phase: 'before-init' | 'begun' = 'before-init';

  constructor(limits: GuardLimits) {
    this.#limits = limits;
  }

  /** @throws Malformed where the client may not say that. */
  read(frame: Uint8Array): void {
    const performative = performativeOf(frame, bodyOf(frame, frameTypes.sasl), this.#limits);
    expectNoPayload(performative, frame);
    switch (performative.code) {
      case performatives.saslInit:
        return this.#begin(performative);
      case performatives.saslResponse:
        if (this.#phase === 'before-init') throw new Malformed('SASL goes on before it began');
        if (!performative.isBinary(field.saslResponse.response))
          throw new Malformed('a SASL response is not binary');
        return undefined;
      default:
        throw new Malformed('not for a client to say');
    }
  }

  #begin(performative: Performative): void {
    if (this.#phase === 'begun') throw new Malformed('SASL begins twice');
    this.#phase = 'begun';
    const mechanism = performative.text(field.saslInit.mechanism);
    if (mechanism === undefined || !/^[A-Z0-9_-]{1,20}$/.test(mechanism))
      throw new Malformed('a mechanism has no proper name');
    const response = field.saslInit.initialResponse;
    if (performative.has(response) && !performative.isBinary(response))
      throw new Malformed('a SASL response is not binary');
  }
}

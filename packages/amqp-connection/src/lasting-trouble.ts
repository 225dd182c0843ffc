import { dialFailureOf } from './dial-failure.ts';

/** What keeps messages from flowing. */
export interface Trouble {
  /** One line for people. */
  readonly text: string;
  /** Whether it stays until an operator changes an address, credentials, certificates, or the network. */
  readonly lasting: boolean;
}

/** Conditions of AMQP 1.0 §2.8.15 that do not go away by themselves; others may. */
const lastingConditions = [
  'amqp:not-found',
  'amqp:unauthorized-access',
  'amqp:precondition-failed',
  'amqp:not-allowed',
  'amqp:not-implemented',
  'amqp:invalid-field',
  // From Artemis: the address exists, but for another kind of consumer.
  'amqp:illegal-state',
];

/** @param cause `condition` or `condition: description`. */
export function isLastingRefusal(cause: string): boolean {
  return lastingConditions.some((condition) => cause === condition || cause.startsWith(`${condition}: `));
}

/** Whether the next try to connect fails in the same way. */
export function isLastingFailure(error: unknown): boolean {
  const { kind, condition } = dialFailureOf(error);
  return kind === 'credentials' || kind === 'tls' || (condition !== undefined && isLastingRefusal(condition));
}

/** What keeps messages from flowing. */
export interface Trouble {
  /** One line for people. */
  readonly text: string;
  /** Whether waiting does not mend it: somebody has to change an address, credentials, certificates, or the network. */
  readonly lasting: boolean;
}

/** AMQP 1.0 §2.8.15: of the other ones, some pass. */
const lastingConditions = [
  'amqp:not-found',
  'amqp:unauthorized-access',
  'amqp:precondition-failed',
  'amqp:not-allowed',
  'amqp:not-implemented',
  'amqp:invalid-field',
  // Of Artemis: the address is there, for another kind of consumer.
  'amqp:illegal-state',
];

/** @param cause `condition` or `condition: description`. */
export function isLastingRefusal(cause: string): boolean {
  return lastingConditions.some((condition) => cause === condition || cause.startsWith(`${condition}: `));
}

/** Whether the next try to connect fails in the same way. */
export function isLastingFailure(error: unknown): boolean {
  const { code, condition, message, description } = (error ?? {}) as Record<string, unknown>;
  if (typeof condition === 'string' && isLastingRefusal(condition)) return true;
  if (typeof code === 'string' && /CERT|SSL|TLS|SIGNED|UNABLE_TO/.test(code)) return true;
  return /authenticat|sasl/i.test(String(message ?? description ?? condition ?? error));
}

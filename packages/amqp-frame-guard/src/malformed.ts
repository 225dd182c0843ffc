/** Error conditions (AMQP 1.0 §2.8.15, §2.8.16, §2.8.18). */
export type Condition =
  | 'amqp:decode-error'
  | 'amqp:not-allowed'
  | 'amqp:not-implemented'
  | 'amqp:resource-limit-exceeded'
  | 'amqp:connection:framing-error'
  | 'amqp:session:handle-in-use'
  | 'amqp:session:unattached-handle'
  | 'amqp:link:transfer-limit-exceeded';

/** What a peer sent breaks the protocol, or a limit. Thrown and caught within this package. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  /** What a peer is told that may still be told something. */
  readonly condition: Condition;

  constructor(problem: string, condition: Condition = 'amqp:decode-error') {
    super(problem);
    this.condition = condition;
  }
}

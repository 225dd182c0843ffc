/** An error as a peer gives it when it closes a link, session or connection (AMQP 1.0 §2.8.14). */
export interface AmqpError {
  readonly condition?: string;
  readonly description?: string;
}

/** The error that rhea hands over, without fields of another type. */
export function amqpErrorOf(error: unknown): AmqpError {
  const { condition, description } = fieldsOf(error);
  return {
    ...(typeof condition === 'string' && { condition }),
    ...(typeof description === 'string' && { description }),
  };
}

/** `condition: description`, or the one that is present; `otherwise` if neither is. */
export function amqpErrorText({ condition, description }: AmqpError, otherwise: string): string {
  return [condition, description].filter(Boolean).join(': ') || otherwise;
}

/** The fields of a value that may be absent. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Record<string, unknown>;
}

/** Requirements for the other end of a link. */
export interface TerminusOptions {
  /** Terminus durability (AMQP 1.0 §3.5.5): 0 none, 1 configuration, 2 unsettled state. Default 0. */
  readonly durable?: 0 | 1 | 2;
  /** Capabilities, e.g. `queue`. */
  readonly capabilities?: readonly string[];
}

/** The same in the form of rhea; empty if there are no requirements. */
export function terminusFields({ durable = 0, capabilities = [] }: TerminusOptions): {
  readonly durable?: number;
  readonly capabilities?: string[];
} {
  return {
    ...(durable > 0 && { durable }),
    ...(capabilities.length > 0 && { capabilities: [...capabilities] }),
  };
}

/** Whether a peer's attach names the terminus that was asked for. rhea hands a null over as an object that holds it. */
export function hasTerminus(terminus: unknown): boolean {
  return ((terminus ?? { value: null }) as { readonly value?: unknown }).value !== null;
}

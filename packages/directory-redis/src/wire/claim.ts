import { fullId } from './short-id.ts';

/**
 * Version of the values in the engine. A later one may only append: a blank and more to a claim, a sign of life and a death (after its
 * heir, `-` for none), and members to the body of a record.
 */
export const wireVersion = '1';

/** Who holds a slot: `1`, epoch, incarnation, a blank, connection. 62 bytes where the ids are UUIDs: up to 64 a hash stays a list. */
export interface Claim {
  readonly epoch: string;
  readonly instance: string;
  readonly connection: string;
}

const pattern = /^\d([0-9a-f]{16})(\S+) (\S+)(?: |$)/;

/** `undefined`: the text is not a claim. */
export function readClaim(text: unknown): Claim | undefined {
  const [, epoch, holder, held] = (typeof text === 'string' && pattern.exec(text)) || [];
  const instance = holder === undefined ? undefined : fullId(holder);
  const connection = held === undefined ? undefined : fullId(held);
  return epoch !== undefined && instance !== undefined && connection !== undefined
    ? { epoch, instance, connection }
    : undefined;
}

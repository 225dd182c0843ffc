import { Malformed } from './malformed.ts';
import { code } from './type-codes.ts';
import { uint32At } from './walk-value.ts';

/** Kinds of described values that are allowed in one place, as number and, where there is one, as symbol (AMQP 1.0 §1.2.2). */
export type DescribedKinds = ReadonlyMap<number, string | undefined>;

/** Sections of a message (AMQP 1.0 §3.2). A value has a number alone: rhea has another symbol for it, and loses what has the right one. */
export const sections: DescribedKinds = new Map([
  [0x70, 'amqp:header:list'],
  [0x71, 'amqp:delivery-annotations:map'],
  [0x72, 'amqp:message-annotations:map'],
  [0x73, 'amqp:properties:list'],
  [0x74, 'amqp:application-properties:map'],
  [0x75, 'amqp:data:binary'],
  [0x76, 'amqp:amqp-sequence:list'],
  [0x77, undefined],
  [0x78, 'amqp:footer:map'],
]);

/** The section that holds one value, of any kind (AMQP 1.0 §3.2.8). */
export const valueSection: DescribedKinds = new Map([[0x77, undefined]]);

/** What a link may begin and end at (AMQP 1.0 §3.5). */
export const termini: DescribedKinds = new Map([
  [0x28, 'amqp:source:list'],
  [0x29, 'amqp:target:list'],
]);

/** Where transactions are declared (AMQP 1.0 §4.5.1): what a client sends to that would use transactions. */
export const coordinators: DescribedKinds = new Map([[0x30, 'amqp:coordinator:list']]);

/** A delivery within a transaction, or its outcome (AMQP 1.0 §4.5.8). */
export const transactionalStates: DescribedKinds = new Map([[0x34, 'amqp:transactional-state:list']]);

/** What may become of a delivery (AMQP 1.0 §3.4). */
export const deliveryStates: DescribedKinds = new Map([
  [0x23, 'amqp:received:list'],
  [0x24, 'amqp:accepted:list'],
  [0x25, 'amqp:rejected:list'],
  [0x26, 'amqp:released:list'],
  [0x27, 'amqp:modified:list'],
]);

/**
 * Whether the value at `at`, which was walked over, is described as one of these kinds. Libraries print unknown kinds on the
 * console of the process, in the peer's own words.
 */
export function isDescribedAs(kinds: DescribedKinds, bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== code.described) return false;
  const from = at + 2;
  switch (bytes[at + 1]) {
    case code.smallUlong:
      return kinds.has(bytes[from] ?? 0);
    case code.ulong:
      return uint32At(bytes, from) === 0 && kinds.has(uint32At(bytes, from + 4));
    case code.symbol8:
      return isNamed(kinds, bytes.subarray(from + 1, from + 1 + (bytes[from] ?? 0)));
    case code.symbol32:
      return isNamed(kinds, bytes.subarray(from + 4, from + 4 + uint32At(bytes, from)));
    default:
      return false;
  }
}

/** Gives the described value at `at` another number, in place. @returns whether its descriptor is a number. */
export function renumber(bytes: Uint8Array, at: number, descriptor: number): boolean {
  const width = bytes[at + 1] === code.smallUlong ? 1 : bytes[at + 1] === code.ulong ? 8 : 0;
  if (width > 0) bytes[at + 1 + width] = descriptor;
  return width > 0;
}

/** @throws Malformed where there is a value at `at` that is of none of these kinds. */
export function expectKind(
  kinds: DescribedKinds,
  bytes: Uint8Array,
  at: number | undefined,
  what: string,
): void {
  if (at === undefined || bytes[at] === code.null || isDescribedAs(kinds, bytes, at)) return;
  throw new Malformed(`${what} of a kind that is not supported`, 'amqp:not-implemented');
}

function isNamed(kinds: DescribedKinds, name: Uint8Array): boolean {
  const text = Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
  for (const symbol of kinds.values()) if (symbol === text) return true;
  return false;
}

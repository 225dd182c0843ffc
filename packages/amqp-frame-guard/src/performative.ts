import { Malformed } from './malformed.ts';
import { code } from './type-codes.ts';
import { uint32At, walkValue, type WalkBudget } from './walk-value.ts';

/** Descriptors of frames that a client may send (AMQP 1.0 §2.7, §5.3.3). */
export const performatives = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
  saslInit: 0x41,
  saslResponse: 0x43,
} as const;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The beginning of a frame's body: what it says, before what it carries. A class: there is one for each frame. */
export class Performative {
  /** One of {@link performatives}, or another number. */
  readonly code: number;
  /** Where it ends, and the payload begins. */
  readonly end: number;
  readonly #bytes: Uint8Array;
  /** Where the value of each field begins, in the frame. */
  readonly #fields: readonly number[];

  constructor(descriptor: number, end: number, bytes: Uint8Array, fields: readonly number[]) {
    this.code = descriptor;
    this.end = end;
    this.#bytes = bytes;
    this.#fields = fields;
  }

  has(field: number): boolean {
    const at = this.#fields[field];
    return at !== undefined && this.#bytes[at] !== code.null;
  }

  /** Where its value begins, in the frame. */
  at(field: number): number | undefined {
    return this.#fields[field];
  }

  /** An unsigned number; `undefined` where the field is absent or null. @throws Malformed where it is something else. */
  uint(field: number): number | undefined {
    const at = this.#fields[field];
    if (at === undefined) return undefined;
    const bytes = this.#bytes;
    switch (bytes[at]) {
      case code.null:
        return undefined;
      case code.uint0:
        return 0;
      case code.smallUint:
        return bytes[at + 1];
      case code.uint:
        return uint32At(bytes, at + 1);
      default:
        throw new Malformed('a field is no uint');
    }
  }

  /** False where the field is absent or null. @throws Malformed where it is something else: a library takes a number for true. */
  boolean(field: number): boolean {
    const at = this.#fields[field];
    if (at === undefined) return false;
    const bytes = this.#bytes;
    if (bytes[at] === code.null || bytes[at] === code.false) return false;
    if (bytes[at] === code.true) return true;
    // Of another byte, one library makes true, and another false.
    const value = bytes[at] === code.boolean ? bytes[at + 1] : undefined;
    if (value === 0 || value === 1) return value === 1;
    throw new Malformed('a field is no boolean');
  }

  /** Text of a string or symbol; `undefined` where it is neither, or no UTF-8. */
  text(field: number): string | undefined {
    const found =
      this.#bytesOf(field, code.string8, code.string32) ?? this.#bytesOf(field, code.symbol8, code.symbol32);
    try {
      return found && utf8.decode(found);
    } catch {
      return undefined;
    }
  }

  isBinary(field: number): boolean {
    return this.#bytesOf(field, code.binary8, code.binary32) !== undefined;
  }

  #bytesOf(field: number, short: number, long: number): Uint8Array | undefined {
    const at = this.#fields[field];
    if (at === undefined) return undefined;
    const bytes = this.#bytes;
    if (bytes[at] === short) return bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0));
    return bytes[at] === long ? bytes.subarray(at + 5, at + 5 + uint32At(bytes, at + 1)) : undefined;
  }
}

/** Reads a described list, walking over all of its fields. @throws Malformed where it is none, or more than the budget allows. */
export function readPerformative(
  bytes: Uint8Array,
  start: number,
  end: number,
  budget: WalkBudget,
): Performative {
  if (start >= end || bytes[start] !== code.described)
    throw new Malformed('a frame has no performative', 'amqp:connection:framing-error');
  const [descriptor, list] = readDescriptor(bytes, start + 1, end);
  const kind = bytes[list];
  const isList = kind === code.list8 || kind === code.list32 || kind === code.list0;
  if (list >= end || !isList) throw new Malformed('a performative is no list');
  const fields: number[] = [];
  const stop = walkValue(bytes, list, end, { ...budget, items: fields });
  return new Performative(descriptor, stop, bytes, fields);
}

/** A number: the standard allows symbolic descriptors too, but no client sends them. */
function readDescriptor(
  bytes: Uint8Array,
  at: number,
  end: number,
): readonly [descriptor: number, next: number] {
  if (bytes[at] === code.smallUlong && at + 2 <= end) return [bytes[at + 1] ?? 0, at + 2];
  if (bytes[at] === code.ulong && at + 9 <= end && uint32At(bytes, at + 1) === 0)
    return [uint32At(bytes, at + 5), at + 9];
  throw new Malformed('a performative has no number');
}

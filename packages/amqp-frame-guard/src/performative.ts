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

/** The beginning of a frame's body: what it says, before what it carries. */
export interface Performative {
  /** One of {@link performatives}, or another number. */
  readonly code: number;
  /** Where it ends, and the payload begins. */
  readonly end: number;
  has(field: number): boolean;
  /** Where its value begins, in the frame. */
  at(field: number): number | undefined;
  /** An unsigned number; `undefined` where the field is absent, null, or something else. */
  uint(field: number): number | undefined;
  boolean(field: number): boolean;
  /** Text of a string or symbol; `undefined` where it is neither, or no UTF-8. */
  text(field: number): string | undefined;
  isBinary(field: number): boolean;
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
  const isList = [code.list0, code.list8, code.list32].some((each) => each === bytes[list]);
  if (list >= end || !isList) throw new Malformed('a performative is no list');
  const fields: number[] = [];
  const stop = walkValue(bytes, list, end, { ...budget, items: fields });

  function bytesOf(field: number, short: number, long: number): Uint8Array | undefined {
    const at = fields[field];
    if (at === undefined) return undefined;
    if (bytes[at] === short) return bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0));
    return bytes[at] === long ? bytes.subarray(at + 5, at + 5 + uint32At(bytes, at + 1)) : undefined;
  }

  return {
    code: descriptor,
    end: stop,
    has: (field) => fields[field] !== undefined && bytes[fields[field] ?? 0] !== code.null,
    at: (field) => fields[field],
    uint(field) {
      const at = fields[field];
      if (at === undefined) return undefined;
      if (bytes[at] === code.uint0) return 0;
      if (bytes[at] === code.smallUint) return bytes[at + 1];
      return bytes[at] === code.uint ? uint32At(bytes, at + 1) : undefined;
    },
    boolean(field) {
      const at = fields[field];
      return (
        at !== undefined && (bytes[at] === code.true || (bytes[at] === code.boolean && bytes[at + 1] === 1))
      );
    },
    text(field) {
      const found =
        bytesOf(field, code.string8, code.string32) ?? bytesOf(field, code.symbol8, code.symbol32);
      try {
        return found && utf8.decode(found);
      } catch {
        return undefined;
      }
    },
    isBinary: (field) => bytesOf(field, code.binary8, code.binary32) !== undefined,
  };
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

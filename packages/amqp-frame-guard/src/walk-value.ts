import { checkText } from './check-text.ts';
import { Malformed } from './malformed.ts';
import { code as codes } from './type-codes.ts';

/** What is left of the work that one frame, or one message, may make. */
export interface WalkBudget {
  valuesLeft: number;
  readonly maxDepth: number;
  /** Filled with where the items of the outermost value begin, if given. */
  readonly items?: number[];
}

/** Bytes of a value of fixed width, by the first half of its code: 0x4… is empty, 0x9… has sixteen. */
const fixedWidths = [0, 1, 2, 4, 8, 16];

/**
 * Walks over the value at `start` without decoding it: every size within its bounds, every count as many as it says, all text
 * what text must be.
 *
 * @returns where it ends.
 * @throws Malformed where it does not end before `end`, or is more than the budget allows.
 */
export function walkValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  budget: WalkBudget,
  depth = 0,
): number {
  const code = byteAt(bytes, start, end);
  if (code !== codes.described) return walkBody(bytes, start + 1, end, code, budget, depth);
  if (depth > budget.maxDepth)
    throw new Malformed('values are nested too deeply', 'amqp:resource-limit-exceeded');
  if (byteAt(bytes, start + 1, end) === codes.described)
    throw new Malformed('a descriptor is described itself');
  const value = walkValue(bytes, start + 1, end, budget, depth + 1);
  if (byteAt(bytes, value, end) === codes.described) throw new Malformed('a value is described twice');
  return walkValue(bytes, value, end, budget, depth + 1);
}

/** The value after its code. */
function walkBody(
  bytes: Uint8Array,
  start: number,
  end: number,
  code: number,
  budget: WalkBudget,
  depth: number,
): number {
  if (depth > budget.maxDepth)
    throw new Malformed('values are nested too deeply', 'amqp:resource-limit-exceeded');
  if ((budget.valuesLeft -= 1) < 0) throw new Malformed('too many values', 'amqp:resource-limit-exceeded');
  const category = code >>> 4;
  const fixed = fixedWidths[category - 4];
  if (fixed !== undefined) {
    if (start + fixed > end) throw new Malformed('a value ends too late');
    return start + fixed;
  }
  if (category < 0xa) throw new Malformed(`there is no type ${code}`);
  const width = category % 2 === 0 ? 1 : 4;
  const from = start + width;
  const stop = from + numberAt(bytes, start, width, end);
  if (stop > end) throw new Malformed('a value ends too late');
  switch (category) {
    case 0xa:
    case 0xb:
      checkText(bytes, from, stop, code);
      return stop;
    case 0xc:
    case 0xd:
      return walkCompound(bytes, from, stop, code, width, budget, depth);
    default:
      return walkArray(bytes, from, stop, width, budget, depth);
  }
}

function walkCompound(
  bytes: Uint8Array,
  start: number,
  stop: number,
  code: number,
  width: number,
  budget: WalkBudget,
  depth: number,
): number {
  const count = numberAt(bytes, start, width, stop);
  const isMap = (code & 0xf) === 1;
  if (isMap && count % 2 === 1) throw new Malformed('a map has a key without a value');
  // Each value has a byte at least.
  if (count > stop - start) throw new Malformed('a count is larger than what it counts');
  let at = start + width;
  for (let index = 0; index < count; index++) {
    if (depth === 0) budget.items?.push(at);
    at = walkValue(bytes, at, stop, budget, depth + 1);
  }
  if (at !== stop) throw new Malformed('a size is not that of its content');
  return stop;
}

function walkArray(
  bytes: Uint8Array,
  start: number,
  stop: number,
  width: number,
  budget: WalkBudget,
  depth: number,
): number {
  const count = numberAt(bytes, start, width, stop);
  // Elements may have no bytes at all: only the budget bounds them.
  if (count > budget.valuesLeft) throw new Malformed('too many values', 'amqp:resource-limit-exceeded');
  let at = start + width;
  let code = byteAt(bytes, at++, stop);
  if (code === codes.described) {
    at = walkValue(bytes, at, stop, budget, depth + 1);
    code = byteAt(bytes, at++, stop);
    if (code === codes.described) throw new Malformed('a value is described twice');
  }
  for (let index = 0; index < count; index++) at = walkBody(bytes, at, stop, code, budget, depth + 1);
  if (at !== stop) throw new Malformed('a size is not that of its content');
  return stop;
}

function byteAt(bytes: Uint8Array, at: number, end: number): number {
  const byte = at < end ? bytes[at] : undefined;
  if (byte === undefined) throw new Malformed('a value ends too late');
  return byte;
}

/** An unsigned number of one byte or four. */
function numberAt(bytes: Uint8Array, at: number, width: number, end: number): number {
  if (at + width > end) throw new Malformed('a value ends too late');
  return width === 1 ? (bytes[at] ?? 0) : uint32At(bytes, at);
}

/** Big-endian, as everything in AMQP. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

import { isUtf8 } from 'node:buffer';
import { Malformed } from './malformed.ts';

/** Codes of values that are text (AMQP 1.0 §1.6.20, §1.6.21), by the low half of the byte. */
const textKinds = { string: 0x1, symbol: 0x3 };

/**
 * A string is UTF-8, a symbol is ASCII (AMQP 1.0 §1.6.20, §1.6.21). Libraries misread anything else.
 *
 * @throws Malformed where a value of this code is text, and is not what it must be.
 */
export function checkText(bytes: Uint8Array, start: number, end: number, code: number): void {
  const kind = code & 0xf;
  if (kind !== textKinds.string && kind !== textKinds.symbol) return;
  for (let at = start; at < end; at++) {
    if ((bytes[at] ?? 0) < 0x80) continue;
    if (kind === textKinds.symbol) throw new Malformed('a symbol is not ASCII');
    if (!isUtf8(bytes.subarray(start, end))) throw new Malformed('a string is not UTF-8');
    return;
  }
}

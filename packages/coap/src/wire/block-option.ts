import type { CoapOption } from './coap-message.ts';
import { readUint, uintOption, type HasOptions } from './option-values.ts';

/** The value of a Block1 or Block2 option (RFC 7959 §2.2). */
export interface Block {
  /** Which block, counted in blocks of this size. */
  readonly num: number;
  readonly more: boolean;
  /** The exponent of the size: 0 for 16 bytes to 6 for 1,024. 7 is reserved. */
  readonly szx: number;
}

export const reservedSzx = 7;
const largestSzx = 6;
const maxNum = 0xf_ff_ff;

export function blockOption(number: number, { num, more, szx }: Block): CoapOption {
  if (num > maxNum || szx > largestSzx) throw new RangeError('a block is too far or too large');
  return uintOption(number, num * 16 + (more ? 8 : 0) + szx);
}

export function readBlock(message: HasOptions, number: number): Block | undefined {
  const value = readUint(message, number);
  return value === undefined ? undefined : { num: value >> 4, more: (value & 8) !== 0, szx: value & 7 };
}

export function blockBytes(szx: number): number {
  return 16 << szx;
}

/** The exponent of the largest block that is no larger than `bytes`; that of the smallest one if none is. */
export function szxWithin(bytes: number): number {
  let szx = largestSzx;
  while (szx > 0 && blockBytes(szx) > bytes) szx--;
  return szx;
}

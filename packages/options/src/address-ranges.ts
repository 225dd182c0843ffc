import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** Addresses that are within ranges. */
export interface AddressRanges {
  has(address: string): boolean;
  /** As they were written. */
  readonly written: readonly string[];
}

/** @throws TypeError where one of them is neither an address nor a range as `192.0.2.0/24`. */
export function parseAddressRanges(written: readonly string[]): AddressRanges {
  const list = new BlockList();
  for (const each of written) addRange(list, each);
  return {
    written,
    has(address) {
      const [text = ''] = address.split('%', 1);
      const family = isIP(text);
      return written.length > 0 && family !== 0 && list.check(text, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

/** Addresses and ranges, separated by commas. */
export const addressRanges: z.ZodType<AddressRanges, string> = z.string().transform((value, context) => {
  try {
    return parseAddressRanges(value.split(',').map((each) => each.trim()));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

function addRange(list: BlockList, written: string): void {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(written);
  const [, address = '', length] = match ?? [];
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (family === 0 || address.includes('%') || prefix > bits)
    throw new TypeError('must be IP addresses or ranges such as 192.0.2.0/24, separated by commas');
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

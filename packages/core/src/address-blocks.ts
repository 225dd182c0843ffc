/** The blocks that an address lies in, as texts to compare, to count by and to log. */
export interface AddressBlocks {
  /** What one party holds at least: the IPv4 address itself, or the IPv6 network of 64 bits (`2001:db8:1:2::/64`). */
  readonly near: string;
  /** What one party may well hold: `192.0.2.0/24`, or `2001:db8:1::/48`. */
  readonly wide: string;
}

/** Each connect asks four times for the same one. Forgotten together: an attacker who has many addresses finds nothing to fill. */
const known = new Map<string, AddressBlocks>();
const maxKnown = 1_024;
/** An IPv6 address in full, with the name of an interface. */
const longestKnown = 64;

/**
 * The networks that count as one party with an address. A device chooses the last 64 bits of its IPv6 address, and an owner of
 * one network of that size often has thousands of them. A text that is not an address counts as one block.
 */
export function addressBlocks(address: string): AddressBlocks {
  const before = known.get(address);
  if (before) return before;
  const blocks = readBlocks(address);
  if (address.length > longestKnown) return blocks;
  if (known.size >= maxKnown) known.clear();
  known.set(address, blocks);
  return blocks;
}

function readBlocks(address: string): AddressBlocks {
  const [text = ''] = address.split('%', 1);
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+)(\.\d+)$/i.exec(text);
  if (ipv4) return ofIpv4(ipv4[1] ?? '', ipv4[2] ?? '');
  const groups = text.includes(':') ? readGroups(text) : undefined;
  if (!groups) return { near: address, wide: address };
  const [high = 0, low = 0] = groups.slice(6);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return ofIpv4(`${high >> 8}.${high & 255}.${low >> 8}`, `.${low & 255}`);
  return { near: network(groups, 4), wide: network(groups, 3) };
}

function ofIpv4(firstThree: string, last: string): AddressBlocks {
  return { near: firstThree + last, wide: `${firstThree}.0/24` };
}

/** The eight groups of an IPv6 address; `undefined` where it is none. */
function readGroups(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || missing < 0 || (halves.length === 1 && missing > 0)) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return groups.map((group) => Number.parseInt(group, 16));
}

function network(groups: readonly number[], length: number): string {
  const first = groups.slice(0, length);
  while (first.length > 1 && first.at(-1) === 0) first.pop();
  const text = first.map((group) => group.toString(16)).join(':');
  return `${text === '0' ? '' : text}::/${length * 16}`;
}

/** Where a datagram comes from or goes to; what `dgram` tells of a sender will do. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Equal exactly for equal peers: for map keys. */
export function peerKey({ address, port }: Peer): string {
  return `${address}|${port}`;
}

/** Whether two are the same place. */
export function isSamePeer(one: Peer, other: Peer): boolean {
  return one.port === other.port && one.address === other.address;
}

/**
 * What one subscriber has at least: an IPv4 address, the first 64 bits of an IPv6 address. Limits for each address count by it.
 */
export function addressBlock(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // `::` stands for as many zeros as are missing; where it begins within the first four groups, the tail may still reach into them.
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - tailGroups.length;
  const all = [...groups, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...tailGroups];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** Where a datagram comes from or goes to. The `RemoteInfo` of `node:dgram` is one. */
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
 * The blocks that an address lies in, the widest first, for limits to count by: of IPv4 its /24 and the address itself; of IPv6 its
 * /48 and its /64, as one subscriber has one or the other.
 */
export function addressBlocks(address: string): readonly [wide: string, near: string] {
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(address);
  if (ipv4) return [ipv4[1] ?? '', address.slice(address.lastIndexOf(':') + 1)];
  if (!address.includes(':')) return [address, address];
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // `::` stands for as many zeros as are missing; where it begins within the first four groups, the tail may still reach into them.
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - tailGroups.length;
  const all = [...groups, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...tailGroups];
  const near = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return [near.slice(0, 3).join(':'), near.join(':')];
}

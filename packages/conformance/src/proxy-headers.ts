// Headers of the PROXY protocol, right and wrong ones, for tests.

interface Peer {
  readonly address: string;
  readonly port: number;
}

/** A header of version 1 for a connection of this peer. */
export function proxyV1({ address, port }: Peer): Buffer {
  const [family, own] = address.includes(':') ? ['TCP6', '2001:db8::1'] : ['TCP4', '192.0.2.1'];
  return Buffer.from(`PROXY ${family} ${address} ${own} ${port} 1883\r\n`);
}

export const v2Signature: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

interface ProxyV2Facts {
  /** Default: PROXY. */
  readonly command?: number;
  readonly peer?: Peer;
  /** Default: that of the peer, else unspecified. */
  readonly family?: number;
  /** Instead of the peer's addresses. */
  readonly block?: Uint8Array;
  /** Behind the addresses. */
  readonly more?: Uint8Array;
}

/** A header of version 2. */
export function proxyV2({ command = 1, peer, family, block, more = Buffer.alloc(0) }: ProxyV2Facts): Buffer {
  const isIPv6 = peer?.address.includes(':') === true;
  const usual = peer === undefined ? 0 : isIPv6 ? 0x21 : 0x11;
  const content = Buffer.concat([block ?? (peer ? addressesOf(peer, isIPv6) : Buffer.alloc(0)), more]);
  const head = Buffer.from([0x20 | command, family ?? usual, content.length >> 8, content.length & 0xff]);
  return Buffer.concat([v2Signature, head, content]);
}

/** Source and destination, both the same. */
function addressesOf({ address, port }: Peer, isIPv6: boolean): Buffer {
  const bytes = isIPv6 ? groupsOf(address) : address.split('.').map(Number);
  const ports = [port >> 8, port & 0xff, 0x07, 0x5b];
  return Buffer.from([...bytes, ...bytes, ...ports]);
}

function groupsOf(address: string): number[] {
  const [head = '', tail = ''] = address.split('::');
  const groups = [head, tail].map((half) => (half === '' ? [] : half.split(':')));
  const [first = [], last = []] = groups;
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
  return all.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

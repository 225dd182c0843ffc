import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** The peer of a connection, as a balancer names it. */
interface ProxiedPeer {
  readonly address: string;
  readonly port: number;
}

/** What the first bytes of a connection are. */
export type ProxyHeader =
  /** Something else. */
  | { readonly status: 'absent' }
  /** They may become one: more must come. */
  | { readonly status: 'incomplete' }
  | { readonly status: 'malformed'; readonly problem: string }
  /** `peer` is absent where the connection is the balancer's own, or that of a peer without an IP address. */
  | { readonly status: 'complete'; readonly length: number; readonly peer?: ProxiedPeer };

/** https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt §2.1: a line of text, with its CRLF. */
const v1Signature = Buffer.from('PROXY ');
const maxV1Bytes = 107;
/** §2.2. */
const v2Signature = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const v2FixedBytes = 16;
/** Addresses of Unix sockets have 216 bytes; what certificates and names of hosts add has a few hundred. */
export const maxProxyHeaderBytes = 2_048;

/** The bytes of an address block (§2.2), and what is not for us in it: that of UNIX sockets is no IP address. */
const families: ReadonlyMap<number, { readonly bytes: number; readonly addressBytes?: 4 | 16 }> = new Map([
  [0x00, { bytes: 0 }],
  [0x11, { bytes: 12, addressBytes: 4 }],
  [0x21, { bytes: 36, addressBytes: 16 }],
  [0x31, { bytes: 216 }],
]);

const absent: ProxyHeader = { status: 'absent' };
const incomplete: ProxyHeader = { status: 'incomplete' };

/** Reads a header of the PROXY protocol, version 1 or 2, at the beginning of a TCP connection. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (begins(bytes, v1Signature)) return bytes.length < v1Signature.length ? incomplete : readV1(bytes);
  if (begins(bytes, v2Signature)) return bytes.length < v2FixedBytes ? incomplete : readV2(bytes);
  return absent;
}

/** Whether they are the same, as far as both go. */
function begins(bytes: Uint8Array, signature: Uint8Array): boolean {
  const length = Math.min(bytes.length, signature.length);
  return Buffer.compare(bytes.subarray(0, length), signature.subarray(0, length)) === 0;
}

function readV1(bytes: Uint8Array): ProxyHeader {
  const text = Buffer.from(bytes.subarray(0, maxV1Bytes)).toString('latin1');
  const end = text.indexOf('\r\n');
  if (end < 0) return bytes.length < maxV1Bytes ? incomplete : malformed('is longer than 107 bytes');
  const [, family, source = '', destination = '', sourcePort, destinationPort, ...more] = text
    .slice(0, end)
    .split(' ');
  const length = end + 2;
  // Whatever follows must be ignored (§2.1).
  if (family === 'UNKNOWN') return { status: 'complete', length };
  if (family !== 'TCP4' && family !== 'TCP6') return malformed('is of no known family');
  const isAddress = family === 'TCP4' ? isIPv4 : isPlainIPv6;
  const ports = [portOf(sourcePort), portOf(destinationPort)] as const;
  if (!isAddress(source) || !isAddress(destination)) return malformed('has an address that is none');
  if (ports[0] === undefined || ports[1] === undefined || more.length > 0)
    return malformed('has a port that is none');
  return { status: 'complete', length, peer: { address: normalized(source), port: ports[0] } };
}

function readV2(bytes: Uint8Array): ProxyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, command] = halves(view.getUint8(12));
  if (version !== 2) return malformed('is of another version');
  if (command > 1) return malformed('has an unknown command');
  const family = families.get(view.getUint8(13));
  const blockBytes = view.getUint16(14);
  const length = v2FixedBytes + blockBytes;
  if (length > maxProxyHeaderBytes) return malformed(`is longer than ${maxProxyHeaderBytes} bytes`);
  // LOCAL: the balancer asks whether we are there. What it says of addresses must be ignored.
  if (command === 0) return bytes.length < length ? incomplete : { status: 'complete', length };
  if (!family) return malformed('is of no known family');
  if (blockBytes < family.bytes) return malformed('is too short for its addresses');
  if (bytes.length < length) return incomplete;
  const { addressBytes } = family;
  if (addressBytes === undefined) return { status: 'complete', length };
  const address = ipOf(bytes.subarray(v2FixedBytes, v2FixedBytes + addressBytes));
  const port = view.getUint16(v2FixedBytes + 2 * addressBytes);
  return { status: 'complete', length, peer: { address, port } };
}

function malformed(problem: string): ProxyHeader {
  return { status: 'malformed', problem };
}

function halves(byte: number): readonly [high: number, low: number] {
  return [byte >> 4, byte & 0x0f];
}

/** Decimal, without leading zeros (§2.1). */
function portOf(text = ''): number | undefined {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function ipOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return normalized(groups.join(':'));
}

/** As the operating system writes it; an IPv4 address in IPv6 is that IPv4 address. */
function normalized(address: string): string {
  if (isIPv4(address)) return address;
  const text = new SocketAddress({ address, family: 'ipv6' }).address;
  return text.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
}

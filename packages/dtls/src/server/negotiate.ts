import {
  cipherSuiteNames,
  cipherSuites,
  type CipherSuiteName,
  type KeyExchange,
} from '../crypto/cipher-suite.ts';
import { secp256r1 } from '../crypto/ecdhe.ts';
import type { AlertName } from '../wire/alert.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { uint16List, type ClientHello } from '../wire/client-hello.ts';
import { extensionType } from '../wire/extension-type.ts';
import { ownCopy } from '../wire/own-copy.ts';
import { dtls12 } from '../wire/protocol-version.ts';
import { ecdsaSha256 } from '../wire/signature-scheme.ts';

/** What client and server agree on before any key is exchanged. */
export interface Terms {
  readonly cipherSuite: CipherSuiteName;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** The client knows RFC 5746, and is told that we do. */
  readonly renegotiationInfo: boolean;
  readonly pointFormats: boolean;
  /** What to put into records to the client, maybe empty; `undefined` where connection ids are not used (RFC 9146 §3). */
  readonly clientConnectionId: Buffer | undefined;
}

export interface Refusal {
  readonly refusal: AlertName;
  readonly reason: 'version' | 'renegotiation' | 'no-common-suite' | 'resumption';
}

export interface Offer {
  readonly cipherSuites: readonly CipherSuiteName[];
  readonly connectionIds: boolean;
}

/** RFC 5746 §3.3. */
const renegotiationScsv = 0x00_ff;

const nameById = new Map(cipherSuiteNames.map((name) => [cipherSuites[name].id, name]));

/**
 * @param resumed the cipher suite of the session that the client goes on with, see `canResume`.
 * @throws Malformed
 */
export function negotiate(hello: ClientHello, offer: Offer, resumed?: CipherSuiteName): Terms | Refusal {
  // Versions count down: a greater number is an older version.
  if (hello.version > dtls12 || hello.version >> 8 !== dtls12 >> 8)
    return refuse('protocolVersion', 'version');
  if (!hello.compressionMethods.includes(0)) return refuse('illegalParameter', 'no-common-suite');
  const { extensions } = hello;
  const renegotiation = extensions.get(extensionType.renegotiationInfo);
  // Nothing was negotiated before: RFC 5746 §3.6.
  if (renegotiation && !(renegotiation.length === 1 && renegotiation[0] === 0))
    return refuse('handshakeFailure', 'renegotiation');
  const cipherSuite = resumed ?? chooseSuite(hello, offer.cipherSuites);
  if (cipherSuite === undefined) return refuse('handshakeFailure', 'no-common-suite');
  const extendedMasterSecret = extensions.has(extensionType.extendedMasterSecret);
  // Only sessions that had it are kept: RFC 7627 §5.3.
  if (resumed && !extendedMasterSecret) return refuse('handshakeFailure', 'resumption');
  const { cipher, keyExchange } = cipherSuites[cipherSuite];
  return {
    cipherSuite,
    extendedMasterSecret,
    encryptThenMac: cipher === 'cbc' && extensions.has(extensionType.encryptThenMac),
    renegotiationInfo: renegotiation !== undefined || hello.cipherSuites.includes(renegotiationScsv),
    pointFormats: keyExchange !== 'psk' && extensions.has(extensionType.pointFormats),
    clientConnectionId: offer.connectionIds ? connectionIdOf(hello) : undefined,
  };
}

/** A client that no longer offers the session's cipher suite gets a new session (RFC 5246 §7.4.1.2). */
export function canResume(hello: ClientHello, session: CipherSuiteName): boolean {
  return hello.cipherSuites.includes(cipherSuites[session].id);
}

function refuse(refusal: AlertName, reason: Refusal['reason']): Refusal {
  return { refusal, reason };
}

/** The client's first that is good; those with CBC only where there is no other. */
function chooseSuite(hello: ClientHello, offered: readonly CipherSuiteName[]): CipherSuiteName | undefined {
  const possible = hello.cipherSuites
    .map((id) => nameById.get(id))
    .filter((name) => name !== undefined)
    .filter((name) => offered.includes(name) && canExchangeKeys(hello, cipherSuites[name].keyExchange));
  return possible.find((name) => cipherSuites[name].cipher !== 'cbc') ?? possible[0];
}

function canExchangeKeys({ extensions }: ClientHello, keyExchange: KeyExchange): boolean {
  if (keyExchange === 'psk') return true;
  // A client without the extension supports what RFC 7925 §4.4 asks of every small device: this curve, and ECDSA with SHA-256.
  const lists = (type: number, value: number): boolean => {
    const extension = extensions.get(type);
    if (extension === undefined) return true;
    const reader = new ByteReader(extension);
    const list = reader.vector16();
    reader.end();
    return uint16List(list).includes(value);
  };
  if (!lists(extensionType.supportedGroups, secp256r1)) return false;
  return keyExchange === 'ecdhe_psk' || lists(extensionType.signatureAlgorithms, ecdsaSha256);
}

function connectionIdOf({ extensions }: ClientHello): Buffer | undefined {
  const extension = extensions.get(extensionType.connectionId);
  if (extension === undefined) return undefined;
  const reader = new ByteReader(extension);
  const id = reader.vector8();
  reader.end();
  return ownCopy(id);
}

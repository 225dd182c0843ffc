import {
  cipherSuiteNames,
  cipherSuites,
  type CipherSuiteName,
  type KeyExchange,
} from '../crypto/cipher-suite.ts';
import type { CurveName } from '../crypto/named-curve.ts';
import type { AlertName } from '../wire/alert.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import type { ClientHello } from '../wire/client-hello.ts';
import { extensionType } from '../wire/extension-type.ts';
import { ownCopy } from '../wire/own-copy.ts';
import { serverNameIn } from '../wire/server-name.ts';
import { dtls12 } from '../wire/protocol-version.ts';
import { chooseCurve, chooseSignatureScheme } from './choose-curve.ts';

/** What client and server agree on before any key is exchanged. */
export interface Terms {
  readonly cipherSuite: CipherSuiteName;
  /** The host name that the client asks for. */
  readonly serverName: string | undefined;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** The client supports RFC 5746, and the ServerHello says that we do. */
  readonly renegotiationInfo: boolean;
  readonly pointFormats: boolean;
  /** Of the ECDHE; `undefined` where none is done, as in a resumed session. */
  readonly curve: CurveName | undefined;
  /** How the server signs; `undefined` if it does not sign. */
  readonly signatureScheme: number | undefined;
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
  /** Of the key of the server's certificate; `undefined` without one. */
  readonly certificateCurve: CurveName | undefined;
}

/** RFC 5746 §3.3. */
const renegotiationScsv = 0x00_ff;

const nameById = new Map(cipherSuiteNames.map((name) => [cipherSuites[name].id, name]));

/**
 * @param resumed the cipher suite of the session that the client resumes, see `canResume`.
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
  const cipherSuite = resumed ?? chooseSuite(hello, offer);
  if (cipherSuite === undefined) return refuse('handshakeFailure', 'no-common-suite');
  const extendedMasterSecret = extensions.has(extensionType.extendedMasterSecret);
  // Only sessions with an extended master secret are kept: RFC 7627 §5.3.
  if (resumed && !extendedMasterSecret) return refuse('handshakeFailure', 'resumption');
  const { cipher, keyExchange } = cipherSuites[cipherSuite];
  return {
    cipherSuite,
    serverName: serverNameIn(hello),
    extendedMasterSecret,
    encryptThenMac: cipher === 'cbc' && extensions.has(extensionType.encryptThenMac),
    renegotiationInfo: renegotiation !== undefined || hello.cipherSuites.includes(renegotiationScsv),
    pointFormats: keyExchange !== 'psk' && extensions.has(extensionType.pointFormats),
    curve: undefined,
    signatureScheme: undefined,
    ...(!resumed && chooseKeyExchange(hello, keyExchange, offer)),
    clientConnectionId: offer.connectionIds ? connectionIdOf(hello) : undefined,
  };
}

/**
 * A client that no longer offers the session's cipher suite gets a new session (RFC 5246 §7.4.1.2), and so does one that asks for
 * another server (RFC 6066 §3).
 *
 * @throws Malformed
 */
export function canResume(hello: ClientHello, session: Pick<Terms, 'cipherSuite' | 'serverName'>): boolean {
  return (
    hello.cipherSuites.includes(cipherSuites[session.cipherSuite].id) &&
    serverNameIn(hello) === session.serverName
  );
}

function refuse(refusal: AlertName, reason: Refusal['reason']): Refusal {
  return { refusal, reason };
}

/** The first of the client's suites that the server accepts; one with CBC only if there is no other. */
function chooseSuite(hello: ClientHello, offer: Offer): CipherSuiteName | undefined {
  const possible = hello.cipherSuites
    .map((id) => nameById.get(id))
    .filter((name) => name !== undefined)
    .filter(
      (name) =>
        offer.cipherSuites.includes(name) &&
        chooseKeyExchange(hello, cipherSuites[name].keyExchange, offer) !== undefined,
    );
  return possible.find((name) => cipherSuites[name].cipher !== 'cbc') ?? possible[0];
}

/** `undefined` where the client supports none. @throws Malformed */
function chooseKeyExchange(
  hello: ClientHello,
  keyExchange: KeyExchange,
  { certificateCurve }: Offer,
): Partial<Pick<Terms, 'curve' | 'signatureScheme'>> | undefined {
  if (keyExchange === 'psk') return {};
  const curve = chooseCurve(hello);
  if (curve === undefined) return undefined;
  if (keyExchange === 'ecdhe_psk') return { curve };
  const signatureScheme = certificateCurve && chooseSignatureScheme(hello, certificateCurve);
  return signatureScheme === undefined ? undefined : { curve, signatureScheme };
}

function connectionIdOf({ extensions }: ClientHello): Buffer | undefined {
  const extension = extensions.get(extensionType.connectionId);
  if (extension === undefined) return undefined;
  const reader = new ByteReader(extension);
  const id = reader.vector8();
  reader.end();
  return ownCopy(id);
}

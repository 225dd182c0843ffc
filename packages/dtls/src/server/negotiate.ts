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
import { chooseCurve, chooseSignatureScheme, readGroups } from './choose-curve.ts';

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

/** What a key exchange needs beside the suite. */
type KeyTerms = Partial<Pick<Terms, 'curve' | 'signatureScheme'>>;

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
  const chosen = resumed ? { cipherSuite: resumed, keyTerms: {} } : chooseSuite(hello, offer);
  if (chosen === undefined) return refuse('handshakeFailure', 'no-common-suite');
  const { cipherSuite, keyTerms } = chosen;
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
    ...keyTerms,
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
function chooseSuite(
  hello: ClientHello,
  offer: Offer,
): { readonly cipherSuite: CipherSuiteName; readonly keyTerms: KeyTerms } | undefined {
  // A client may list a suite any number of times.
  const common = [...new Set(hello.cipherSuites)]
    .map((id) => nameById.get(id))
    .filter((name) => name !== undefined)
    .filter((name) => offer.cipherSuites.includes(name));
  const termsOf = keyTermsOf(hello, new Set(common.map((name) => cipherSuites[name].keyExchange)), offer);
  const possible = common.flatMap((cipherSuite) => {
    const { keyExchange, cipher } = cipherSuites[cipherSuite];
    const keyTerms = termsOf.get(keyExchange);
    return keyTerms ? [{ cipherSuite, keyTerms, cipher }] : [];
  });
  return possible.find(({ cipher }) => cipher !== 'cbc') ?? possible[0];
}

/** By key exchange, as far as the client supports it. What a client lists is read once, however many suites it has. @throws Malformed */
function keyTermsOf(
  hello: ClientHello,
  wanted: ReadonlySet<KeyExchange>,
  { certificateCurve }: Offer,
): ReadonlyMap<KeyExchange, KeyTerms> {
  const found = new Map<KeyExchange, KeyTerms>([['psk', {}]]);
  if (!wanted.has('ecdhe_psk') && !wanted.has('ecdhe_ecdsa')) return found;
  const groups = readGroups(hello);
  const curve = chooseCurve(groups);
  if (curve === undefined) return found;
  found.set('ecdhe_psk', { curve });
  if (certificateCurve === undefined || !wanted.has('ecdhe_ecdsa')) return found;
  const signatureScheme = chooseSignatureScheme(hello, groups, certificateCurve);
  if (signatureScheme !== undefined) found.set('ecdhe_ecdsa', { curve, signatureScheme });
  return found;
}

function connectionIdOf({ extensions }: ClientHello): Buffer | undefined {
  const extension = extensions.get(extensionType.connectionId);
  if (extension === undefined) return undefined;
  const reader = new ByteReader(extension);
  const id = reader.vector8();
  reader.end();
  return ownCopy(id);
}

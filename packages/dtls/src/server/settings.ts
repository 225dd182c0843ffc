import { randomBytes as systemRandomBytes } from 'node:crypto';
import { cipherSuiteNames, cipherSuites, type CipherSuiteName } from '../crypto/cipher-suite.ts';
import { curveOf } from '../crypto/named-curve.ts';
import { currentCertificate } from './current-certificate.ts';
import type { DtlsLimits, DtlsServerOptions } from './options.ts';
import type { Peer } from './peer.ts';

/** The options, with defaults filled in. */
export type Settings<P> = Omit<DtlsServerOptions<P>, 'limits' | 'onError' | 'principalKey'> & {
  onError(error: unknown, peer: Peer): void;
  principalKey(principal: P): string;
  readonly cipherSuites: readonly CipherSuiteName[];
  readonly connectionIdBytes: number;
  readonly maxDatagramBytes: number;
  readonly idleTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly flightTimeoutMs: number;
  readonly retransmitMs: number;
  readonly cookieRotationMs: number;
  readonly limits: DtlsLimits;
  readonly randomBytes: (count: number) => Uint8Array;
};

/** MAC-then-encrypt, and any CBC, only if `cipherSuites` names them. */
export const defaultCipherSuites: readonly CipherSuiteName[] = cipherSuiteNames.filter(
  (name) => cipherSuites[name].cipher !== 'cbc',
);

const defaults = {
  connectionIdBytes: 0,
  /** The least that every IPv6 path lets through, without the headers of IP and UDP. */
  maxDatagramBytes: 1_280 - 40 - 8,
  idleTimeoutMs: 3_600_000,
  handshakeTimeoutMs: 60_000,
  retransmitMs: 1_000,
  cookieRotationMs: 60_000,
  randomBytes: systemRandomBytes,
};

/** Longer than a device waits before it repeats its flight (RFC 7925 §11: 9 s), and than two losses in a row with a wait of 1 s. */
const shortestFlightTimeoutMs = 15_000;

const defaultLimits: DtlsLimits = {
  maxAssociations: 100_000,
  maxAssociationsPerPrincipal: 8,
  maxPendingHandshakes: 2_000,
  maxPendingPerAddress: 200,
  maxSessions: 10_000,
  maxSessionsPerPrincipal: 8,
  /** RFC 5246 §F.1.4. */
  sessionLifetimeMs: 86_400_000,
  maxStrayAlertsPerSecond: 100,
};

/** @throws TypeError if the options are not valid. */
export function settingsFrom<P>(options: DtlsServerOptions<P>): Settings<P> {
  const { findPsk, verifyCertificate } = options;
  const certificate = currentCertificate(options);
  if ((certificate === undefined) !== (verifyCertificate === undefined))
    throw new TypeError('certificate and verifyCertificate come together');
  if (findPsk === undefined && certificate === undefined)
    throw new TypeError('clients need a way to prove who they are: findPsk, or verifyCertificate');
  if (certificate && curveOf(certificate.key) === undefined)
    throw new TypeError('the key of the server certificate must be an ECDSA key on P-256 or P-384');
  const { connectionIdBytes = 0, maxDatagramBytes = defaults.maxDatagramBytes } = options;
  if (!Number.isInteger(connectionIdBytes) || connectionIdBytes < 0 || connectionIdBytes > 255)
    throw new TypeError('connectionIdBytes must be from 0 to 255');
  // Shorter ids would soon be used up, and a made-up record would often hit one.
  if (connectionIdBytes > 0 && connectionIdBytes < 4)
    throw new TypeError('connectionIdBytes must be 4 at least');
  if (maxDatagramBytes < 256) throw new TypeError('maxDatagramBytes must be 256 at least');

  const { retransmitMs = defaults.retransmitMs } = options;
  const { cipherSuites: wanted = defaultCipherSuites, onError = throwOn, principalKey } = options;
  return {
    ...defaults,
    flightTimeoutMs: Math.max(shortestFlightTimeoutMs, 4 * retransmitMs),
    ...options,
    onError,
    principalKey: principalKey ?? (() => ''),
    send(datagram, peer) {
      try {
        options.send(datagram, peer);
      } catch (error) {
        onError(error, peer);
      }
    },
    cipherSuites: wanted.filter((name) =>
      cipherSuites[name].keyExchange === 'ecdhe_ecdsa' ? certificate !== undefined : findPsk !== undefined,
    ),
    limits: {
      ...defaultLimits,
      ...options.limits,
      // Without a key all principals are one, so limits for each would be limits for all.
      ...(!principalKey && { maxSessionsPerPrincipal: 0, maxAssociationsPerPrincipal: 0 }),
    },
  };
}

function throwOn(error: unknown): never {
  throw error;
}

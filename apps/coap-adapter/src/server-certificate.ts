import { X509Certificate } from 'node:crypto';
import type { HostContext } from '@rollcall/adapter-kit';
import { certificatesIn, checkNewPair, checkPair, privateKeyIn } from '@rollcall/file-follower/pem';
import { readPem } from '@rollcall/options/tls';
import { ConfigError, type Timestamp } from '@rollcall/core';
import type { ServerCertificate } from '@rollcall/dtls';

/**
 * Key and certificate chain from the files that the configuration names; `undefined` if it names none.
 *
 * @throws ConfigError if they cannot be read, or DTLS cannot use them.
 */
export function readServerCertificate(files: {
  readonly keyPath?: string | undefined;
  readonly certPath?: string | undefined;
}): ServerCertificate | undefined {
  const { keyPath, certPath } = files;
  if (keyPath === undefined || certPath === undefined) return undefined;
  const pemKey = readPem('ROLLCALL_COAP_KEYPATH', keyPath);
  const pemChain = readPem('ROLLCALL_COAP_CERTPATH', certPath);
  try {
    return serverCertificate(pemKey, pemChain);
  } catch (error) {
    const text = `ROLLCALL_COAP_KEYPATH and ROLLCALL_COAP_CERTPATH: ${keyPath}, ${certPath}: ${(error as Error).message}`;
    throw new ConfigError([{ code: 'CERTIFICATE_UNUSABLE', text }]);
  }
}

/** @throws Error if DTLS cannot use them. */
function serverCertificate(pemKey: string, pemChain: string): ServerCertificate {
  const key = privateKeyIn(pemKey);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType !== 'ec' || (curve !== 'prime256v1' && curve !== 'secp384r1'))
    throw new Error('the key must be an ECDSA key on the curve P-256 or P-384');
  checkPair({ key: pemKey, cert: pemChain });
  return { key, chain: certificatesIn(pemChain).map(({ raw }) => raw) };
}

/** Makes new handshakes use a new certificate when there is one in the files. The result returns the one to use. */
export function followServerCertificate(
  first: ServerCertificate,
  files: { readonly key: string; readonly cert: string } | undefined,
  { clock, followFiles }: Pick<HostContext, 'clock' | 'followFiles'>,
): () => ServerCertificate {
  let used = first;
  if (files)
    followFiles({
      name: 'coaps',
      files: [files.key, files.cert],
      expiresAt: expiryOf(first),
      use([key = '', cert = '']) {
        const certificate = serverCertificate(key, cert);
        if (isSame(certificate, used)) return { changed: false };
        const { expiresAt } = checkNewPair({ key, cert }, clock.now());
        used = certificate;
        return { changed: true, expiresAt };
      },
    });
  return () => used;
}

function expiryOf({ chain: [first = new Uint8Array()] }: ServerCertificate): Timestamp {
  return Date.parse(new X509Certificate(first).validTo) as Timestamp;
}

function isSame(one: ServerCertificate, other: ServerCertificate): boolean {
  return (
    one.key.equals(other.key) &&
    one.chain.length === other.chain.length &&
    one.chain.every((each, index) => Buffer.compare(each, other.chain[index] ?? Buffer.alloc(0)) === 0)
  );
}

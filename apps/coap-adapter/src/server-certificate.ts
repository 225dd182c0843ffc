import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readPem } from '@rollcall/adapter-kit';
import { ConfigError } from '@rollcall/core';
import type { ServerCertificate } from '@rollcall/dtls';

/**
 * Key and certificate chain from the files that the configuration names; `undefined` where it names none.
 *
 * @throws ConfigError where they cannot be read, or are none that DTLS can use here.
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
    const key = createPrivateKey(pemKey);
    if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw new Error('must be an ECDSA key on the curve P-256');
    const certificates = (pemChain.match(pemBlock) ?? []).map((pem) => new X509Certificate(pem));
    if (certificates[0]?.checkPrivateKey(key) !== true)
      throw new Error(`is not the key of the first certificate in ${certPath}`);
    return { key, chain: certificates.map(({ raw }) => raw) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`ROLLCALL_COAP_KEYPATH: ${keyPath} ${why}`]);
  }
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

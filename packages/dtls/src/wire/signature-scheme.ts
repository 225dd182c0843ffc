/** SignatureAndHashAlgorithm (RFC 5246 §7.4.1.4.1), as one number. */
export const ecdsaSha256 = 0x04_03;
export const ecdsaSha384 = 0x05_03;

/** The hash, as `node:crypto` calls it; `undefined` for a scheme that is not supported. */
export function hashOf(scheme: number): 'sha256' | 'sha384' | undefined {
  if (scheme === ecdsaSha256) return 'sha256';
  return scheme === ecdsaSha384 ? 'sha384' : undefined;
}

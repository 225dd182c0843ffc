/** SignatureAndHashAlgorithm (RFC 5246 §7.4.1.4.1), as one number. */
export const ecdsaSha256 = 0x04_03;
export const ecdsaSha384 = 0x05_03;

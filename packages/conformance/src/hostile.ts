// What hostile and unlucky peers send, and what it must not do.
export { mutated, sendInPieces } from './hostile-bytes.ts';
export { harmOf, harmWithin, illFormedUtf8, nastyStrings } from './nasty-strings.ts';
export { proxyV1, proxyV2, v2Signature } from './proxy-headers.ts';

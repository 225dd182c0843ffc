/** Option numbers by name (RFC 7252 §12.2, RFC 7641 §2, RFC 7959 §2.1 and §4, RFC 9175 §3.2). */
export const coapOption = {
  ifMatch: 1,
  uriHost: 3,
  eTag: 4,
  ifNoneMatch: 5,
  observe: 6,
  uriPort: 7,
  locationPath: 8,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  accept: 17,
  locationQuery: 20,
  block2: 23,
  block1: 27,
  size2: 28,
  proxyUri: 35,
  proxyScheme: 39,
  size1: 60,
  requestTag: 292,
} as const;

/** Whether an endpoint that does not know the option must refuse the message (RFC 7252 §5.4.6). */
export function isCritical(optionNumber: number): boolean {
  return (optionNumber & 1) === 1;
}

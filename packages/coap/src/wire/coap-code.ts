/** Methods and response codes by name (RFC 7252 §12.1, RFC 7959 §2.9, RFC 8132, RFC 8516). */
export const coapCode = {
  empty: 0x00,
  get: 0x01,
  post: 0x02,
  put: 0x03,
  delete: 0x04,
  fetch: 0x05,
  patch: 0x06,
  iPatch: 0x07,
  created: 0x41,
  deleted: 0x42,
  valid: 0x43,
  changed: 0x44,
  content: 0x45,
  continue: 0x5f,
  badRequest: 0x80,
  unauthorized: 0x81,
  badOption: 0x82,
  forbidden: 0x83,
  notFound: 0x84,
  methodNotAllowed: 0x85,
  notAcceptable: 0x86,
  requestEntityIncomplete: 0x88,
  conflict: 0x89,
  preconditionFailed: 0x8c,
  requestEntityTooLarge: 0x8d,
  unsupportedContentFormat: 0x8f,
  unprocessableEntity: 0x96,
  tooManyRequests: 0x9d,
  internalServerError: 0xa0,
  notImplemented: 0xa1,
  badGateway: 0xa2,
  serviceUnavailable: 0xa3,
  gatewayTimeout: 0xa4,
  proxyingNotSupported: 0xa5,
} as const;

/** 0 for methods, 2 for success, 4 for errors of the client, 5 for errors of the server. */
export function codeClass(code: number): number {
  return code >> 5;
}

/** As RFC 7252 writes codes: `4.04`. */
export function formatCode(code: number): string {
  return `${codeClass(code)}.${String(code & 0x1f).padStart(2, '0')}`;
}

export function isRequestCode(code: number): boolean {
  return code !== coapCode.empty && codeClass(code) === 0;
}

/** Class 3 has no codes yet, but is reserved for responses (RFC 7252 §12.1). */
export function isResponseCode(code: number): boolean {
  return codeClass(code) >= 2 && codeClass(code) <= 5;
}

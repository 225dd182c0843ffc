/** RFC 5246 §7.2. */
const alertDescription = {
  closeNotify: 0,
  unexpectedMessage: 10,
  handshakeFailure: 40,
  badCertificate: 42,
  certificateUnknown: 46,
  illegalParameter: 47,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  internalError: 80,
  userCanceled: 90,
  noRenegotiation: 100,
} as const;

export type AlertName = keyof typeof alertDescription;

const levels = { warning: 1, fatal: 2 } as const;

export function alertMessage(level: keyof typeof levels, name: AlertName): Buffer {
  return Buffer.from([levels[level], alertDescription[name]]);
}

/** What an alert means to its receiver; `undefined` if it has no effect. */
export function readAlert(bytes: Buffer): 'close-notify' | 'fatal' | undefined {
  if (bytes.length !== 2) return undefined;
  if (bytes[1] === alertDescription.closeNotify) return 'close-notify';
  return bytes[0] === levels.fatal ? 'fatal' : undefined;
}

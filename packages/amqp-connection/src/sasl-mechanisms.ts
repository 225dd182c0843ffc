type Respond = (error: Error | undefined, response: Buffer) => void;

interface ClientMechanism {
  start(respond: Respond): void;
  step?(challenge: Buffer, respond: Respond): void;
}

/** The value for rhea's `sasl_mechanisms`: a factory per mechanism, in order of preference. */
export type SaslMechanisms = Record<string, () => ClientMechanism>;

export interface SaslCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly authorizationId?: string;
  /** Whether a client certificate is presented in TLS. */
  readonly certificate: boolean;
}

/**
 * PLAIN with user name and password, else EXTERNAL with a certificate, else ANONYMOUS. Our own PLAIN, because rhea's
 * counts characters where it should count bytes, and so breaks passwords beyond ASCII.
 */
export function saslMechanisms(credentials: SaslCredentials): SaslMechanisms {
  const { username, password, authorizationId = '', certificate } = credentials;
  if (username !== undefined && password !== undefined)
    return answering('PLAIN', Buffer.from(`${authorizationId}\0${username}\0${password}`, 'utf8'));
  if (certificate) return answering('EXTERNAL', Buffer.alloc(0));
  return answering('ANONYMOUS', Buffer.from('anonymous'));
}

function answering(name: string, response: Buffer): SaslMechanisms {
  // No prototype: rhea looks mechanisms up by the peer's names, and must not find `constructor`.
  return Object.assign(Object.create(null), {
    [name]: () => ({ start: (respond: Respond) => respond(undefined, response) }),
  });
}

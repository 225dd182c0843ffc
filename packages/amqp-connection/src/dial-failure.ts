import { fieldsOf } from './amqp-error.ts';

/** Why a connection could not be opened. */
export interface DialFailure {
  readonly kind: 'nothing-listens' | 'unknown-host' | 'credentials' | 'login-undecided' | 'tls' | 'other';
  /** The code of an error of Node.js. */
  readonly code: string | undefined;
  /** The condition of an AMQP error. */
  readonly condition: string | undefined;
  /** The text of the error. */
  readonly said: string;
}

/** SASL outcomes that say nothing about the credentials (AMQP 1.0 §5.3.3.6), as rhea tells them: such as while an auth server is away. */
const systemError = /^Failed to authenticate: [2-4]$/;

export function dialFailureOf(error: unknown): DialFailure {
  const { code, condition, message, description } = fieldsOf(error);
  const failure = {
    code: typeof code === 'string' ? code : undefined,
    condition: typeof condition === 'string' ? condition : undefined,
    said: String(message ?? description ?? condition ?? error).trim(),
  };
  return { ...failure, kind: kindOf(failure) };
}

function kindOf({ code = '', condition, said }: Omit<DialFailure, 'kind'>): DialFailure['kind'] {
  if (code === 'ECONNREFUSED') return 'nothing-listens';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown-host';
  if (systemError.test(said)) return 'login-undecided';
  if (condition === 'amqp:unauthorized-access' || /authenticat|sasl/i.test(said)) return 'credentials';
  return /CERT|SSL|TLS|SIGNED|UNABLE_TO/.test(code) ? 'tls' : 'other';
}

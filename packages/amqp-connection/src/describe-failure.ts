import { dialFailureOf } from './dial-failure.ts';

/**
 * One line that says what an operator can do about a failure to connect.
 *
 * @param peer its host and port.
 * @param name what it is.
 */
export function describeFailure(error: unknown, peer: string, name: string): string {
  const { kind, code, said } = dialFailureOf(error);
  switch (kind) {
    case 'nothing-listens':
      return `nothing listens at ${peer}: is the ${name} running?`;
    case 'unknown-host':
      return `host name of ${peer} cannot be resolved`;
    case 'credentials':
      return `the ${name} at ${peer} refused the credentials: check user name, password or client certificate (${said})`;
    case 'login-undecided':
      return `cannot connect to the ${name} at ${peer}: it cannot decide the login now: its auth server may be away (${said})`;
    case 'tls':
      return `TLS with ${peer} failed: check trust store, host name, and that the port speaks TLS (${code}: ${said})`;
    case 'other':
      return `cannot connect to the ${name} at ${peer}: ${said}`;
    default:
      return kind satisfies never;
  }
}

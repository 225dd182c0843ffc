/** One line that says what an operator can do about a failure to connect. */
export function describeFailure(error: unknown, peer: string): string {
  const { code, condition, message, description } = (error ?? {}) as Record<string, unknown>;
  const said = String(message ?? description ?? condition ?? error).trim();
  if (code === 'ECONNREFUSED') return `nothing listens at ${peer}: is the messaging network running?`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `host name of ${peer} cannot be resolved`;
  if (condition === 'amqp:unauthorized-access' || /authenticat|sasl/i.test(said))
    return `the messaging network at ${peer} refused the credentials: check user name, password or client certificate (${said})`;
  if (typeof code === 'string' && /CERT|SSL|TLS|SIGNED|UNABLE_TO/.test(code))
    return `TLS with ${peer} failed: check trust store, host name, and that the port speaks TLS (${code}: ${said})`;
  return `cannot connect to the messaging network at ${peer}: ${said}`;
}

import type { AmqpConnectionOptions } from './options.ts';

export type UrlOptions = Pick<AmqpConnectionOptions, 'host' | 'port' | 'username' | 'password' | 'tls'>;

/**
 * Where and as whom to connect, from `amqp://user:password@host:port` or `amqps://…`; user name and password are
 * percent-encoded.
 *
 * @throws TypeError if it is not such a URL. The error does not quote it: the URL may contain a password.
 */
export function urlOptions(text: string): UrlOptions {
  const url = URL.parse(text);
  if (url?.protocol !== 'amqp:' && url?.protocol !== 'amqps:')
    throw new TypeError('the URL must begin with amqp:// or amqps://, and name a host');
  const secure = url.protocol === 'amqps:';
  return {
    // An IPv6 address stands in brackets in a URL only.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 5671 : 5672) : Number(url.port),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(secure && { tls: { hostnameVerification: true } }),
  };
}

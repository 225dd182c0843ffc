import { option, optional } from '@rollcall/options';
import { flag, text } from '@rollcall/options/formats';

/** How to reach a server that speaks the Redis protocol, and which keys on it belong to the fleet. */
export const redisOptions = {
  url: optional(
    'DIRECTORY_URL',
    text,
    'where the fleet keeps who holds which connection: `redis://host:6379`, `redis+sentinel://host,host/name` or `redis+cluster://host,host`; with TLS `rediss`; an adapter without it is alone',
    { secret: true },
  ),
  prefix: option(
    'DIRECTORY_PREFIX',
    text,
    'rollcall:',
    'in front of all keys and channels there, one for each fleet',
  ),
  username: optional('DIRECTORY_USERNAME', text, 'ACL user of the fleet'),
  password: optional('DIRECTORY_PASSWORD', text, 'its password', { secret: true }),
  sentinelUsername: optional('DIRECTORY_SENTINELUSERNAME', text, 'ACL user at the sentinels'),
  sentinelPassword: optional('DIRECTORY_SENTINELPASSWORD', text, 'its password', { secret: true }),
  trustStore: optional(
    'DIRECTORY_TRUSTSTOREPATH',
    text,
    'PEM file of certificates to trust (default: those of Node.js)',
  ),
  verifyHost: option(
    'DIRECTORY_HOSTNAMEVERIFICATIONREQUIRED',
    flag,
    'true',
    "whether the server's certificate must match its host name",
  ),
  cert: optional('DIRECTORY_CERTPATH', text, 'PEM file of the client certificate'),
  key: optional('DIRECTORY_KEYPATH', text, 'PEM file of its private key'),
} as const;

import { option, optional } from '@rollcall/options';
import { flag, milliseconds, port, text } from '@rollcall/options/formats';
import { cipherSuitesOption, secureProtocolsOption } from '@rollcall/options/tls';
import { networkOptions } from './network-options.ts';

/** How to reach an AMQP 1.0 messaging network. */
export const amqpOptions = {
  host: optional(
    'MESSAGING_HOST',
    text,
    'host of the AMQP 1.0 messaging network (required for data of devices, and for `events`)',
    {
      hono: true,
    },
  ),
  port: option('MESSAGING_PORT', port, '5671', 'port of the messaging network', { hono: true }),
  username: optional('MESSAGING_USERNAME', text, 'SASL PLAIN user name', { hono: true }),
  password: optional('MESSAGING_PASSWORD', text, 'SASL PLAIN password', {
    hono: true,
    secret: true,
  }),
  amqpHostname: optional('MESSAGING_AMQPHOSTNAME', text, 'host name in the AMQP open (virtual host)', {
    hono: true,
  }),
  saslHostname: optional(
    'MESSAGING_SASLHOSTNAME',
    text,
    'host name in the SASL exchange (default: that in the AMQP open, where set)',
  ),
  tls: option(
    'MESSAGING_TLSENABLED',
    flag,
    'false',
    'whether to use TLS; also on where a trust store is set',
    {
      hono: true,
    },
  ),
  trustStore: optional('MESSAGING_TRUSTSTOREPATH', text, 'PEM file of certificates to trust', {
    hono: true,
  }),
  verifyHost: option(
    'MESSAGING_HOSTNAMEVERIFICATIONREQUIRED',
    flag,
    'true',
    "whether the network's certificate must match its host name",
    { hono: true },
  ),
  cert: optional('MESSAGING_CERTPATH', text, 'PEM file of the client certificate (SASL EXTERNAL)', {
    hono: true,
  }),
  key: optional('MESSAGING_KEYPATH', text, 'PEM file of its private key', { hono: true }),
  protocols: secureProtocolsOption('MESSAGING'),
  cipherSuites: cipherSuitesOption('MESSAGING'),
  connectTimeoutMs: option(
    'MESSAGING_CONNECTTIMEOUT',
    milliseconds,
    '5000',
    'ms until a connect has failed',
    {
      hono: true,
    },
  ),
  idleTimeoutMs: option(
    'MESSAGING_IDLETIMEOUT',
    milliseconds,
    '16000',
    'ms of silence after which the network counts as gone',
    { hono: true },
  ),
  linkTimeoutMs: option(
    'MESSAGING_LINKESTABLISHMENTTIMEOUT',
    milliseconds,
    '1000',
    'ms until opening a link has failed',
    { hono: true },
  ),
  sendTimeoutMs: option(
    'MESSAGING_SENDMESSAGETIMEOUT',
    milliseconds,
    '1000',
    'ms to wait for the outcome of a message',
    { hono: true },
  ),
  reconnectMinDelayMs: option(
    'MESSAGING_RECONNECTMINDELAY',
    milliseconds,
    '0',
    'ms before the first try to reconnect, and least wait before later ones',
    { hono: true },
  ),
  reconnectMaxDelayMs: option(
    'MESSAGING_RECONNECTMAXDELAY',
    milliseconds,
    '7000',
    'greatest wait between tries to reconnect, in ms',
    { hono: true },
  ),
  reconnectIncrementMs: option(
    'MESSAGING_RECONNECTDELAYINCREMENT',
    milliseconds,
    '100',
    'ms that the wait grows from, doubling with each try',
    { hono: true },
  ),
  ...networkOptions,
} as const;

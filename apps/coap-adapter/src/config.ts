import { leaseOptions, leaseProblems, leaseSettings } from '@rollcall/adapter-kit/lease-options';
import {
  authenticationRequiredOption,
  connectionLimit,
  listenerOptions,
} from '@rollcall/adapter-kit/listening';
import { loadConfig, type LoadedConfig } from '@rollcall/adapter-process';
import type { ConfigProblem } from '@rollcall/core';
import {
  configProblem,
  option,
  setBothOrNeither,
  type OptionProblem,
  type Options,
  type ValuesOf,
} from '@rollcall/options';
import { flag, milliseconds, port, wholeNumber } from '@rollcall/options/formats';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { CoapAdapterOptions } from './adapter.ts';
import { readServerCertificate } from './server-certificate.ts';

const hono = { hono: true };

/** Options of the CoAP adapter. */
export const coapOptions = {
  ...listenerOptions('COAP', { plain: 5_683, tls: 5_684 }),
  insecurePortEnabled: option(
    'COAP_INSECUREPORTENABLED',
    flag,
    'false',
    'whether to open the port without DTLS, where no device can authenticate',
    hono,
  ),
  insecurePort: option('COAP_INSECUREPORT', port, '5683', 'UDP port without DTLS', hono),
  port: option('COAP_PORT', port, '5684', 'UDP port with DTLS', hono),
  authenticationRequired: authenticationRequiredOption('COAP'),
  maxPayloadBytes: option(
    'COAP_MAXPAYLOADSIZE',
    wholeNumber(1, 1_048_576),
    '2048',
    'greatest payload of a request, in bytes, in one datagram or in blocks',
    hono,
  ),
  ackAfterMs: option(
    'COAP_TIMEOUTTOACK',
    wholeNumber(-1, 90_000),
    '500',
    'ms after which a request that has no answer yet is acknowledged, to be answered separately; 0: at once, -1: never',
    hono,
  ),
  ackTimeoutMs: option(
    'COAP_ACKTIMEOUT',
    wholeNumber(100, 60_000),
    '2000',
    'ms after which a confirmable message of the adapter, a separate answer or a probe, is sent again for the first time; four times in all, each wait twice the last',
  ),
  handshakeRetransmitMs: option(
    'COAP_DTLSRETRANSMISSIONTIMEOUT',
    wholeNumber(100, 60_000),
    '2000',
    'ms after which a flight of a DTLS handshake is sent again for the first time',
    hono,
  ),
  associationIdleMs: option(
    'COAP_ASSOCIATIONIDLETIMEOUT',
    milliseconds,
    '3600000',
    'ms of silence after which a DTLS association is closed, and its device must make a new one',
  ),
  connectionIdBytes: option(
    'COAP_CONNECTIONIDLENGTH',
    wholeNumber(0, 32),
    '6',
    'bytes of the DTLS connection ids that devices may use to change their address (4 at least); 0: they cannot',
  ),
  maxAssociationsPerDevice: option(
    'COAP_MAXASSOCIATIONSPERDEVICE',
    wholeNumber(0, 1_000_000),
    '8',
    'DTLS associations of one device, unless the registry says otherwise; beyond it the one silent longest is closed; 0: any number',
  ),
  maxSessions: option(
    'COAP_MAXSESSIONS',
    wholeNumber(0, 10_000_000),
    '10000',
    'DTLS sessions that devices may resume, 8 of each; beyond it the device that has most loses its oldest; 0: none',
  ),
  maxHandshakes: option(
    'COAP_MAXHANDSHAKES',
    wholeNumber(1, 1_000_000),
    '2000',
    'DTLS handshakes under way at a time; beyond it the one that has proved least is dropped',
  ),
  maxHandshakesPerAddress: option(
    'COAP_MAXHANDSHAKESPERADDRESS',
    wholeNumber(1, 1_000_000),
    '500',
    'the same from one address: many devices share one behind a NAT or a balancer',
  ),
  probe: option(
    'COAP_PROBE',
    flag,
    'false',
    'whether a device whose lease is about to run out is asked whether it is there, where the registry says nothing about it',
  ),
  ...leaseOptions,
} as const satisfies Options;

type CoapValues = ValuesOf<typeof coapOptions>;

/** Reads the whole configuration of the process. @throws ConfigError with every problem found. */
export function loadCoapConfig(
  env: Readonly<Record<string, string | undefined>>,
  messaging: readonly MessagingModule[],
  directories: readonly DirectoryModule[] = [],
  registries: readonly RegistryModule[] = [],
): LoadedConfig<typeof coapOptions> {
  return loadConfig(coapOptions, env, {
    messaging,
    directories,
    registries,
    problems: (values) => [...coapProblems(values), ...leaseProblems(values)],
  });
}

function coapProblems(values: CoapValues): readonly ConfigProblem[] {
  const { keyPath, certPath } = values;
  const problems: OptionProblem[] = [
    ...setBothOrNeither(['COAP_KEYPATH', keyPath], ['COAP_CERTPATH', certPath]),
  ];
  if (values.connectionIdBytes > 0 && values.connectionIdBytes < 4)
    problems.push({
      options: ['COAP_CONNECTIONIDLENGTH'],
      text: 'must be 0, or 4 at least',
      code: 'OPTION_MALFORMED',
    });
  return problems.map(configProblem);
}

/** The parts of the configuration that the adapter needs. @throws ConfigError if a key file cannot be read, or used. */
export function coapAdapterOptions(values: CoapValues): CoapAdapterOptions {
  const certificate = readServerCertificate(values);
  return {
    secure: {
      host: values.bindAddress,
      port: values.port,
      ...(certificate && { certificate, files: { key: values.keyPath ?? '', cert: values.certPath ?? '' } }),
    },
    ...(values.insecurePortEnabled && {
      plain: { host: values.insecurePortBindAddress, port: values.insecurePort },
    }),
    authenticationRequired: values.authenticationRequired,
    maxPayloadBytes: values.maxPayloadBytes,
    ackAfterMs: values.ackAfterMs,
    ackTimeoutMs: values.ackTimeoutMs,
    handshakeRetransmitMs: values.handshakeRetransmitMs,
    associationIdleMs: values.associationIdleMs,
    connectionIdBytes: values.connectionIdBytes,
    probe: values.probe,
    lease: leaseSettings(values),
    endLeasesAtShutdown: values.leaseEndAtShutdown,
    maxAssociations: connectionLimit(values.maxConnections),
    maxAssociationsPerDevice: values.maxAssociationsPerDevice,
    maxSessions: values.maxSessions,
    maxHandshakes: values.maxHandshakes,
    maxHandshakesPerAddress: values.maxHandshakesPerAddress,
  };
}

import { getHeapStatistics } from 'node:v8';
import { ConfigError, type ConfigProblem } from '@rollcall/core';
import {
  configProblem,
  setBothOrNeither,
  option,
  optional,
  variableOf,
  type Option,
  type Options,
  type ValuesOf,
} from '@rollcall/options';
import { flag, port, text, wholeNumber } from '@rollcall/options/formats';
import { addressRanges, type AddressRanges, isSectionOfHono } from '@rollcall/options/internal';
import {
  readPem,
  cipherSuitesOption,
  defaultTlsChoice,
  secureProtocolsOption,
  tlsChoice,
  tlsChoiceProblems,
  type TlsChoice,
  type TlsVersion,
} from '@rollcall/options/tls';
import { checkPair, type PemPair } from '@rollcall/file-follower/pem';

/** A TCP port to listen on. */
export interface Listener {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** With key and certificate chain as PEM. */
export interface TlsListener extends Listener, PemPair {
  /** The files they were read from: new ones may be put there. */
  readonly files?: { readonly key: string; readonly cert: string };
  /** Versions and cipher suites; default: TLS 1.2 and 1.3, as Node.js has them. */
  readonly choice?: TlsChoice;
}

/** Where a protocol is served: without TLS, with TLS, or both. */
export interface Listeners {
  readonly plain?: Listener;
  readonly tls?: TlsListener;
  /** Peers whose connections begin with a PROXY protocol header; absent: none. */
  readonly balancers?: AddressRanges;
}

/**
 * The options that every adapter has under the name of its protocol; names and defaults are Hono's
 * (`docs/hono-compatibility.md` §11). `HONO_…` works too where Hono has an adapter of that protocol.
 */
export function listenerOptions(section: string, ports: { readonly plain: number; readonly tls: number }) {
  const hono = { hono: isSectionOfHono(section) };
  return {
    insecurePortEnabled: option(
      `${section}_INSECUREPORTENABLED`,
      flag,
      'false',
      'whether to open the port without TLS',
      hono,
    ),
    insecurePort: option(`${section}_INSECUREPORT`, port, String(ports.plain), 'port without TLS', hono),
    insecurePortBindAddress: option(
      `${section}_INSECUREPORTBINDADDRESS`,
      text,
      '127.0.0.1',
      'address it is bound to',
      hono,
    ),
    port: option(
      `${section}_PORT`,
      port,
      String(ports.tls),
      'port with TLS; open where key and certificate are set',
      hono,
    ),
    bindAddress: option(`${section}_BINDADDRESS`, text, '127.0.0.1', 'address it is bound to', hono),
    keyPath: optional(`${section}_KEYPATH`, text, "PEM file of the server's private key", hono),
    certPath: optional(`${section}_CERTPATH`, text, "PEM file of the server's certificate chain", hono),
    maxConnections: option(
      `${section}_MAXCONNECTIONS`,
      wholeNumber(0, 10_000_000),
      '0',
      'devices connected at a time; 0 derives it from the memory',
      hono,
    ),
  } as const satisfies Options;
}

/** The option of adapters that may run behind a TCP balancer. */
export function balancersOption(section: string): Option<AddressRanges | undefined> {
  return optional(
    `${section}_PROXYPROTOCOLFROM`,
    addressRanges,
    'balancers, as addresses or ranges such as `10.0.0.0/8`, separated by commas, whose connections begin with a PROXY protocol header, version 1 or 2; a header from anybody else ends the connection',
  );
}

/** The option of adapters that can serve anonymous devices. */
export function authenticationRequiredOption(section: string): Option<boolean> {
  return option(
    `${section}_AUTHENTICATIONREQUIRED`,
    flag,
    'true',
    'whether devices must prove who they are; else they may upload for every registered device, and give no events',
    { hono: isSectionOfHono(section) },
  );
}

/** The options of adapters that listen on TCP, beside those of all. */
export function tcpOptions(
  section: string,
  maxPending: number,
  counted = 'network connections that have not logged in',
) {
  return {
    secureProtocols: secureProtocolsOption(section),
    cipherSuites: cipherSuitesOption(section),
    maxPendingSockets: option(
      `${section}_MAXPENDINGCONNECTIONS`,
      wholeNumber(1, 1_000_000),
      String(maxPending),
      `${counted}, at a time; where there are more, the oldest of the address block with most of them is closed`,
    ),
    maxHandshakes: option(
      `${section}_MAXHANDSHAKES`,
      wholeNumber(1, 100_000),
      '500',
      'TLS handshakes under way at a time, 75 kB each; others wait for their turn',
    ),
  } as const satisfies Options;
}

type ListenerValues = ValuesOf<ReturnType<typeof listenerOptions>>;

/** Of adapters that listen on TCP. */
interface TlsValues {
  readonly secureProtocols: readonly TlsVersion[] | undefined;
  readonly cipherSuites: readonly string[] | undefined;
}

/** What is wrong with the values taken together. */
export function listenerProblems(
  section: string,
  values: ListenerValues & TlsValues,
): readonly ConfigProblem[] {
  const { keyPath, certPath, insecurePortEnabled } = values;
  const key = `${section}_KEYPATH`;
  const cert = `${section}_CERTPATH`;
  const isListening = (keyPath !== undefined && certPath !== undefined) || insecurePortEnabled;
  return [
    ...setBothOrNeither([key, keyPath], [cert, certPath]).map(configProblem),
    ...(isListening ? [] : [nowhereToListen(section)]),
    ...tlsChoiceProblems(section, values.secureProtocols, values.cipherSuites).map(configProblem),
  ];
}

function nowhereToListen(section: string): ConfigProblem {
  const [key, cert, plain] = ['KEYPATH', 'CERTPATH', 'INSECUREPORTENABLED'].map((name) =>
    variableOf(`${section}_${name}`),
  );
  return {
    code: 'OPTION_MISSING',
    text: `no port to listen on: set ${key} and ${cert}, or ${plain}=true`,
  };
}

/** Where to listen. @throws ConfigError where key and certificate cannot be read, or used. */
export function listenersOf(
  section: string,
  values: ListenerValues & TlsValues & { readonly balancers: AddressRanges | undefined },
): Listeners {
  const tls = tlsListenerOf(section, values);
  return {
    ...(values.balancers && { balancers: values.balancers }),
    ...(values.insecurePortEnabled && {
      plain: { host: values.insecurePortBindAddress, port: values.insecurePort },
    }),
    ...(tls && { tls }),
  };
}

/** The port with TLS; `undefined`: there is no certificate. @throws ConfigError where key and certificate cannot be read, or used. */
export function tlsListenerOf(
  section: string,
  {
    bindAddress: host,
    port: bound,
    keyPath,
    certPath,
    secureProtocols,
    cipherSuites,
  }: TlsValues & Pick<ListenerValues, 'bindAddress' | 'port' | 'keyPath' | 'certPath'>,
): TlsListener | undefined {
  if (keyPath === undefined || certPath === undefined) return undefined;
  return {
    host,
    port: bound,
    files: { key: keyPath, cert: certPath },
    ...readPair(section, keyPath, certPath),
    choice: tlsChoice(secureProtocols, cipherSuites) ?? defaultTlsChoice,
  };
}

function readPair(section: string, keyPath: string, certPath: string): PemPair {
  const [keyOption, certOption] = [`ROLLCALL_${section}_KEYPATH`, `ROLLCALL_${section}_CERTPATH`];
  const pair = { key: readPem(keyOption, keyPath), cert: readPem(certOption, certPath) };
  try {
    checkPair(pair);
    return pair;
  } catch (error) {
    const problem = `${keyOption} and ${certOption}: ${keyPath}, ${certPath}: ${(error as Error).message}`;
    throw new ConfigError([{ code: 'CERTIFICATE_UNUSABLE', text: problem }]);
  }
}

const bytesPerConnection = 20_000;
const reservedBytes = 100_000_000;

/** As Hono derives it from the heap: 20 kB a connection, after a reserve for everything else. */
export function connectionLimit(
  configured: number,
  heapLimitBytes: number = getHeapStatistics().heap_size_limit,
): number {
  if (configured > 0) return configured;
  const heapBytes = heapLimitBytes * 0.75;
  return Math.max(100, Math.floor((heapBytes - reservedBytes) / bytesPerConnection));
}

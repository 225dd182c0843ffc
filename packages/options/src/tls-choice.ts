import { getCiphers } from 'node:tls';
import { z } from 'zod';
import { commaSeparated } from './option-formats.ts';
import { isSectionOfHono } from './hono-sections.ts';
import type { OptionProblem } from './option-problem.ts';
import { optional, variableOf, type Option } from './option.ts';

const known = new Set(getCiphers());

/**
 * The name that OpenSSL has for a cipher suite, of the one in the IANA registry, as Java and Eclipse Hono have it; or of OpenSSL's
 * own. `undefined`: there is no such suite here, or none with certificates.
 */
export function openSslName(suite: string): string | undefined {
  const name = suite.startsWith('TLS_') && suite.includes('_WITH_') ? translate(suite) : suite;
  const isKnown = known.has(name.toLowerCase());
  return isKnown && !/(?:^|-)(?:psk|srp)-/i.test(name) ? name.toUpperCase() : undefined;
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`: `ECDHE-RSA-AES128-GCM-SHA256`. */
function translate(suite: string): string {
  const [exchange = '', cipher = ''] = suite.slice('TLS_'.length).split('_WITH_');
  const cipherName = cipher
    .replace(/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20_POLY1305')
    .replace(/^AES_(128|256)_(?:CBC_)?/, 'AES$1_');
  return (exchange === 'RSA' ? cipherName : `${exchange}_${cipherName}`).replaceAll('_', '-');
}

/** One or more cipher suites, in the order of preference: the names that OpenSSL has for them. */
const cipherSuites: z.ZodType<readonly string[], string> = commaSeparated.transform((names, context) =>
  names.map((name) => {
    const found = openSslName(name);
    if (found === undefined)
      context.addIssue({
        code: 'custom',
        message: `there is no cipher suite ${name} to be used with certificates`,
      });
    return found ?? name;
  }),
);

const versionNames = ['TLSv1.2', 'TLSv1.3'] as const;

export type TlsVersion = (typeof versionNames)[number];

/** One or both versions of TLS. */
const protocols: z.ZodType<readonly TlsVersion[], string> = commaSeparated.transform((names, context) =>
  names.flatMap((name) => {
    const version = versionNames.find((each) => each === name);
    if (version) return [version];
    context.addIssue({
      code: 'custom',
      message: /^(?:SSLv\d|TLSv1(?:\.[01])?)$/.test(name)
        ? `${name} is not spoken here: it is broken (RFC 8996)`
        : `must be TLSv1.2, TLSv1.3 or both, separated by commas`,
    });
    return [];
  }),
);

export function secureProtocolsOption(section: string): Option<readonly TlsVersion[] | undefined> {
  return optional(
    `${section}_SECUREPROTOCOLS`,
    protocols,
    'versions of TLS that are spoken, separated by commas: `TLSv1.2`, `TLSv1.3` (default: both)',
    { hono: isSectionOfHono(section) },
  );
}

export function cipherSuitesOption(section: string): Option<readonly string[] | undefined> {
  return optional(
    `${section}_SUPPORTEDCIPHERSUITES`,
    cipherSuites,
    'cipher suites of TLS, separated by commas, the preferred ones first, by their names in Java or OpenSSL; a version of which none is named is not spoken (default: those of Node.js)',
    { hono: isSectionOfHono(section) },
  );
}

/** What TLS may be like, as Node.js wants it. */
export interface TlsChoice {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Names of OpenSSL, separated by colons; absent: those of Node.js. */
  readonly ciphers?: string;
}

export const defaultTlsChoice: TlsChoice = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' };

/** `undefined` where no version is left that has a cipher suite. */
export function tlsChoice(
  versions: readonly TlsVersion[] = versionNames,
  suites?: readonly string[],
): TlsChoice | undefined {
  const spoken = versionNames.filter(
    (version) =>
      versions.includes(version) && (!suites || suites.some((suite) => versionOf(suite) === version)),
  );
  const [minVersion] = spoken;
  const maxVersion = spoken.at(-1);
  if (!minVersion || !maxVersion) return undefined;
  const ciphers = suites?.filter((suite) => spoken.includes(versionOf(suite))).join(':');
  return { minVersion, maxVersion, ...(ciphers !== undefined && { ciphers }) };
}

/** What is wrong with both options taken together. */
export function tlsChoiceProblems(
  section: string,
  versions?: readonly TlsVersion[],
  suites?: readonly string[],
): readonly OptionProblem[] {
  return tlsChoice(versions, suites)
    ? []
    : [
        {
          options: [`${section}_SUPPORTEDCIPHERSUITES`],
          text: `has no cipher suite of a version in ${variableOf(`${section}_SECUREPROTOCOLS`)}`,
        },
      ];
}

function versionOf(suite: string): TlsVersion {
  return suite.toUpperCase().startsWith('TLS_') ? 'TLSv1.3' : 'TLSv1.2';
}

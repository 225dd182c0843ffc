import { randomBytes } from 'node:crypto';
import type { IdentifierRule } from '@rollcall/core/registry';
import { decodeText } from './decode-text.ts';
import { parseText } from './parse-text.ts';
import { createProblemList } from './problem-list.ts';
import type { Entries } from './registry-entries.ts';
import { RegistryReader } from './registry-reader.ts';
import { registryFileSchema } from './schema.ts';
import { validate } from './validate.ts';

export interface ParseOptions {
  /** See `packCredentials`. */
  readonly saltKey: Uint8Array;
  /** How many problems are listed at most; default 50: a wrong file with many devices has many. */
  readonly maxProblems?: number;
  /** Which tenants are not allowed, beside those that no registry may have. */
  readonly tenantRules?: readonly IdentifierRule[];
}

export type ParsedRegistry =
  | {
      readonly status: 'valid';
      /** Each entry packed, in the order of the file. */
      readonly entries: Entries<string>;
      /** Entries that work, but may be mistakes. */
      readonly warnings: readonly string[];
    }
  | { readonly status: 'invalid'; readonly problems: readonly string[] };

/** As {@link parseRegistry}, from the bytes of a file. */
export function parseRegistryBytes(file: string, bytes: Uint8Array, options: ParseOptions): ParsedRegistry {
  const text = decodeText(bytes);
  return text === undefined
    ? { status: 'invalid', problems: [`${file}: is not text in UTF-8`] }
    : parseRegistry(file, text, options);
}

/** Reads the text of a registry file, JSON or YAML by the file's extension, and lists everything that is wrong with it. */
export function parseRegistry(
  file: string,
  text: string,
  options: ParseOptions = { saltKey: randomBytes(32) },
): ParsedRegistry {
  const parsed = parseText(file, text);
  if ('problem' in parsed) return { status: 'invalid', problems: [parsed.problem] };
  const problems = createProblemList(options.maxProblems);
  // Problems outside of the tenants are listed last.
  const aroundTenants = createProblemList();
  validate(registryFileSchema, parsed.value, [], aroundTenants);
  const reader = new RegistryReader({ problems, ...options });
  reader.readTenants(parsed.value);
  for (const problem of aroundTenants.list()) problems.add(problem);
  return problems.count > 0
    ? { status: 'invalid', problems: problems.list() }
    : { status: 'valid', entries: reader.entries, warnings: reader.warnings() };
}

import { extname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { registryFileSchema, type RegistryContent } from './schema.ts';

/** A registry of more than this is no file any more. */
const maxFileLength = 64 * 1024 * 1024;
/** Problems listed at most: a wrong file of many devices has many. */
const maxProblems = 50;

export type ParsedRegistry =
  | { readonly status: 'valid'; readonly content: RegistryContent }
  | { readonly status: 'invalid'; readonly problems: readonly string[] };

/** Reads the text of a registry file, JSON or YAML by the file's extension, and lists everything that is wrong with it. */
export function parseRegistry(file: string, text: string): ParsedRegistry {
  if (text.length > maxFileLength) return invalid(`${file}: larger than ${maxFileLength} characters`);
  let raw: unknown;
  try {
    raw =
      extname(file).toLowerCase() === '.json'
        ? JSON.parse(text)
        : // It would warn on standard error, and quote the file.
          parseYaml(text, { maxAliasCount: 100, prettyErrors: true, logLevel: 'error' });
  } catch (error) {
    return invalid(`${file}: ${whatIsWrong(error)}`);
  }
  const parsed = registryFileSchema.safeParse(raw);
  if (!parsed.success) return invalid(...parsed.error.issues.flatMap((issue) => describe(issue, raw)));
  const problems = crossChecks(parsed.data);
  return problems.length > 0 ? invalid(...problems) : { status: 'valid', content: parsed.data };
}

function invalid(...problems: readonly string[]): ParsedRegistry {
  const more = problems.length - maxProblems;
  return {
    status: 'invalid',
    problems: more > 0 ? [...problems.slice(0, maxProblems), `and ${more} more`] : problems,
  };
}

function describe(issue: z.core.$ZodIssue, raw: unknown): readonly string[] {
  const path = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${pathOf([...issue.path, key])}: unknown field`);
  if (issue.code === 'invalid_type' && valueAt(raw, issue.path) === undefined) return [`${path}: is missing`];
  return [`${path}: ${issue.message}`];
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((part, index) =>
        typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`,
      )
      .join('') || 'file'
  );
}

/** What is wrong although each part is right: names that come twice, gateways that do not exist. */
function crossChecks(content: RegistryContent): readonly string[] {
  const problems: string[] = [];
  const tenants = new Set<string>();
  const authorities = new Map<string, string>();
  for (const [t, tenant] of content.tenants.entries()) {
    const at = `tenants[${t}]`;
    if (tenants.has(tenant['tenant-id']))
      problems.push(`${at}.tenant-id: ${tenant['tenant-id']} is there twice`);
    tenants.add(tenant['tenant-id']);
    for (const [a, { subjectDn }] of tenant['trusted-ca'].entries()) {
      // A certificate says by its issuer which tenant a device belongs to.
      const other = authorities.get(subjectDn) ?? tenant['tenant-id'];
      if (other !== tenant['tenant-id'])
        problems.push(`${at}.trusted-ca[${a}]: ${subjectDn} is an authority of tenant ${other} already`);
      authorities.set(subjectDn, other);
    }
    const devices = new Set(tenant.devices.map((device) => device['device-id']));
    const seen = new Set<string>();
    const authIds = new Set<string>();
    for (const [d, device] of tenant.devices.entries()) {
      const id = device['device-id'];
      if (seen.has(id)) problems.push(`${at}.devices[${d}].device-id: ${id} is there twice`);
      seen.add(id);
      for (const gateway of device.via)
        if (!devices.has(gateway)) problems.push(`${at}.devices[${d}].via: there is no device ${gateway}`);
      for (const [c, { type, 'auth-id': authId }] of device.credentials.entries()) {
        const key = `${type}\n${authId}`;
        if (authIds.has(key))
          problems.push(`${at}.devices[${d}].credentials[${c}].auth-id: ${authId} is there twice as ${type}`);
        authIds.add(key);
      }
    }
  }
  return problems;
}

/** The first line, without what it quotes of the file: that may be a secret. */
function whatIsWrong(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  if (error instanceof SyntaxError) return ['is not JSON', ...(/at position .*$/.exec(line) ?? [])].join(' ');
  // What YAML takes for the name of an alias may be a password that begins with a star.
  return line.replace(/(\balias .*?): .*$/, '$1');
}

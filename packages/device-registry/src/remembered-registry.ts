import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeOwnDirectory, makeOwnFile } from '@rollcall/runtime';
import { deviceOfFingerprint, withheldPrint } from './fingerprints.ts';
import { entryKinds, noEntries, type Entries } from './registry-entries.ts';

const version = 1;

/** What a start can know of the registry that an earlier run served. */
export interface Remembered {
  /** All that was there, by name. Nothing of it can be served. */
  readonly entries: Entries<string>;
  /** Why it could not be read; absent: it was, or there is none. */
  readonly problem?: string;
}

/** A tenant, and for each kind the names of its entries. Those of credentials come with their device. */
type Row = readonly [tenant: string, lists: readonly (readonly (string | readonly [string, string])[])[]];

/** Blocks its thread: call it in a worker thread. */
export function readRemembered(file: string): Remembered {
  try {
    const text = readFileSync(file, 'utf8');
    const { version: itsVersion, tenants } = JSON.parse(text) as {
      version?: unknown;
      tenants: readonly Row[];
    };
    if (itsVersion !== version) throw new Error(`is of version ${String(itsVersion)}`);
    return { entries: new Map(tenants.map(([tenant, lists]) => [tenant, entriesOf(lists)])) };
  } catch (error) {
    const isNone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { entries: new Map(), ...(!isNone && { problem: problemOf(file, error) }) };
  }
}

/**
 * Keeps the names of what is served: no hash, no key. Blocks its thread.
 *
 * @returns why that was not possible; `undefined`: it was.
 */
export function writeRemembered(file: string, digest: string, served: Entries<string>): string | undefined {
  const rows: Row[] = [];
  for (const [tenant, of] of served)
    rows.push([
      tenant,
      entryKinds.map((kind) =>
        kind === 'tenant' || kind === 'device'
          ? [...of[kind].keys()]
          : [...of[kind]].map(([name, print]) => [name, deviceOfFingerprint(print)] as const),
      ),
    ]);
  const next = `${file}.next`;
  try {
    makeOwnDirectory(dirname(file));
    makeOwnFile(next);
    writeFileSync(next, JSON.stringify({ version, sha256: digest, tenants: rows }));
    renameSync(next, file);
    return undefined;
  } catch (error) {
    rmSync(next, { force: true });
    return problemOf(file, error);
  }
}

function entriesOf(lists: Row[1]) {
  const of = noEntries<string>();
  for (const [index, kind] of entryKinds.entries())
    for (const each of lists[index] ?? []) {
      const [name, device = ''] = typeof each === 'string' ? [each] : each;
      of[kind].set(name, withheldPrint(device));
    }
  return of;
}

function problemOf(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `${file}: ${code ?? message}`;
}

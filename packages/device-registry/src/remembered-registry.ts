import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeOwnDirectory, makeOwnFile } from '@rollcall/runtime/sqlite';
import { deviceOfFingerprint, withheldPrint } from './fingerprints.ts';
import { entryKinds, noEntries, type Entries, type EntriesOf, type EntryKind } from './registry-entries.ts';

const version = 1;

/** What a start knows about the registry that an earlier run served. */
export interface Remembered {
  /** All entries that it had, by name. None of them can be served. */
  readonly entries: Entries<string>;
  /** Why the file could not be read; absent: it was read, or there is none. */
  readonly problem?: string;
}

/** The names of the entries of a tenant, by kind, as another version may know other kinds. Those of credentials come with their device. */
type Names = Readonly<
  Partial<Record<EntryKind, readonly (string | readonly [name: string, device: string])[]>>
>;

type Row = readonly [tenant: string, names: Names];

/** Blocks its thread: call it in a worker thread. */
export function readRemembered(file: string): Remembered {
  try {
    const text = readFileSync(file, 'utf8');
    const { version: itsVersion, tenants } = JSON.parse(text) as {
      version?: unknown;
      tenants: readonly Row[];
    };
    if (itsVersion !== version) throw new Error(`is of version ${String(itsVersion)}`);
    return { entries: new Map(tenants.map(([tenant, names]) => [tenant, entriesOf(names)])) };
  } catch (error) {
    const isNone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { entries: new Map(), ...(!isNone && { problem: problemOf(file, error) }) };
  }
}

/**
 * Keeps the names of what is served: no hash, no key. Blocks its thread.
 *
 * @returns why it failed; `undefined`: it did not fail.
 */
export function writeRemembered(file: string, digest: string, served: Entries<string>): string | undefined {
  const rows = [...served].map(([tenant, of]): Row => [tenant, namesOf(of)]);
  const next = `${file}.next`;
  try {
    makeOwnDirectory(dirname(file));
    makeOwnFile(next);
    writeFileSync(next, JSON.stringify({ version, sha256: digest, tenants: rows }));
    renameSync(next, file);
    return undefined;
  } catch (error) {
    removeIfPossible(next);
    return problemOf(file, error);
  }
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // For example, its folder is not a folder. That problem is reported already.
  }
}

function namesOf(of: EntriesOf<string>): Names {
  return Object.fromEntries(
    entryKinds.map((kind) => [
      kind,
      kind === 'tenant' || kind === 'device'
        ? [...of[kind].keys()]
        : [...of[kind]].map(([name, print]) => [name, deviceOfFingerprint(print)] as const),
    ]),
  );
}

function entriesOf(names: Names): EntriesOf<string> {
  const of = noEntries<string>();
  for (const kind of entryKinds)
    for (const each of names[kind] ?? []) {
      const [name, device = ''] = typeof each === 'string' ? [each] : each;
      of[kind].set(name, withheldPrint(device));
    }
  return of;
}

function problemOf(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `${file}: ${code ?? message}`;
}

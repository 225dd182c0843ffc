import { compareEntries } from './compare-entries.ts';
import { readFingerprints, shareFingerprints } from './fingerprints.ts';
import { holdBack, type HeldBack } from './held-back.ts';
import { parseRegistryBytes, type ParseOptions } from './parse-registry.ts';
import { readWholeFile } from './read-whole-file.ts';
import type { EntryChange } from './registry-entries.ts';

export interface LoadRequest extends ParseOptions {
  readonly file: string;
  /** What is served now; absent before the first load. */
  readonly served?: {
    /** Digest of the file that it was read from. */
    readonly digest: string;
    readonly fingerprints: SharedArrayBuffer;
  };
  /** Whether entries that seem to be missing by mistake are held back. */
  readonly holdsBack: boolean;
  /** Digest of the content that an operator accepted: nothing is held back for it. */
  readonly accepted?: string;
}

/** The outcome of a load. `signature` says which file was read, see `lookAtFile`. */
export type LoadResult =
  | { readonly status: 'away'; readonly problem: string }
  | { readonly status: 'moved' }
  | { readonly status: 'invalid'; readonly signature: string; readonly problems: readonly string[] }
  | { readonly status: 'unchanged'; readonly signature: string }
  | ({ readonly status: 'loaded' } & LoadedRegistry);

export interface LoadedRegistry {
  readonly signature: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  readonly warnings: readonly string[];
  /** What is served although it is not in the file. */
  readonly held?: HeldBack;
  readonly tenants: number;
  readonly devices: number;
  /** Fingerprints of what is served once the changes are applied. */
  readonly fingerprints: SharedArrayBuffer;
}

/** Reads, parses, checks and compares a file. Blocks its thread, for seconds when the file is large: call it in a worker thread. */
export function loadRegistry(request: LoadRequest): {
  readonly result: LoadResult;
  readonly changes: readonly EntryChange[];
} {
  const read = readWholeFile(request.file);
  if (read.status !== 'read') return { result: read, changes: [] };
  const { signature, digest } = read;
  const { served } = request;
  if (served?.digest === digest && request.accepted !== digest)
    return { result: { status: 'unchanged', signature }, changes: [] };
  const parsed = parseRegistryBytes(request.file, read.bytes, request);
  if (parsed.status === 'invalid')
    return { result: { status: 'invalid', signature, problems: parsed.problems }, changes: [] };
  const before = served ? readFingerprints(served.fingerprints) : new Map();
  const isHolding = request.holdsBack && request.accepted !== digest;
  const holding = isHolding ? holdBack(before, parsed.entries) : undefined;
  const compared = compareEntries(before, parsed.entries, holding?.stays);
  const loaded: LoadedRegistry = {
    signature,
    digest,
    warnings: parsed.warnings,
    ...(holding && { held: holding.held }),
    tenants: compared.served.size,
    devices: [...compared.served.values()].reduce((sum, { device }) => sum + device.size, 0),
    fingerprints: shareFingerprints(compared.served),
  };
  return { result: { status: 'loaded', ...loaded }, changes: compared.changes };
}

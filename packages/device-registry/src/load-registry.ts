import { compareEntries, type Comparison } from './compare-entries.ts';
import { isWithheldPrint, readFingerprints, shareFingerprints } from './fingerprints.ts';
import { holdBack, type HeldBack } from './held-back.ts';
import { parseRegistryBytes, type ParseOptions } from './parse-registry.ts';
import { readWholeFile } from './read-whole-file.ts';
import { entryKinds, withheld, type EntryChange } from './registry-entries.ts';
import { readRemembered, writeRemembered } from './remembered-registry.ts';

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
  /** The file that keeps the names of what was served last with nothing held back; absent: the names are lost with the process. */
  readonly rememberIn?: string;
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
  /** What is kept although it is not in the file. */
  readonly held?: HeldBack;
  /** How many of these devices only an earlier run could serve. */
  readonly withheldDevices: number;
  /** Why the next start cannot compare with this load, or this one could not compare with an earlier run. */
  readonly notRemembered?: string;
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
  const { served, rememberIn } = request;
  if (served?.digest === digest && request.accepted !== digest)
    return { result: { status: 'unchanged', signature }, changes: [] };
  const parsed = parseRegistryBytes(request.file, read.bytes, request);
  if (parsed.status === 'invalid')
    return { result: { status: 'invalid', signature, problems: parsed.problems }, changes: [] };
  const earlier = served || rememberIn === undefined ? undefined : readRemembered(rememberIn);
  const before = served ? readFingerprints(served.fingerprints) : (earlier?.entries ?? new Map());
  const isHolding = request.holdsBack && request.accepted !== digest;
  const holding = isHolding ? holdBack(before, parsed.entries) : undefined;
  const compared = compareEntries(before, parsed.entries, holding?.stays);
  const keeps = rememberIn !== undefined && !holding;
  const notKept = keeps ? writeRemembered(rememberIn, digest, compared.served) : undefined;
  const notRemembered = notKept ?? earlier?.problem;
  const loaded: LoadedRegistry = {
    signature,
    digest,
    warnings: parsed.warnings,
    ...(holding && { held: holding.held }),
    withheldDevices: withheldDevicesOf(compared),
    ...(notRemembered !== undefined && { notRemembered }),
    tenants: compared.served.size,
    devices: [...compared.served.values()].reduce((sum, { device }) => sum + device.size, 0),
    fingerprints: shareFingerprints(compared.served),
  };
  const changes = served ? compared.changes : firstChanges(compared);
  return { result: { status: 'loaded', ...loaded }, changes };
}

/** The changes of a first load: nothing was served before that could go, and entries of an earlier run are withheld. */
function firstChanges({ changes, served }: Comparison): readonly EntryChange[] {
  const first = changes.filter(([, , , packed]) => packed !== undefined);
  for (const [tenant, of] of served)
    for (const kind of entryKinds)
      for (const [name, print] of of[kind])
        if (isWithheldPrint(print)) first.push([kind, tenant, name, withheld]);
  return first;
}

function withheldDevicesOf({ served }: Comparison): number {
  let count = 0;
  for (const { device } of served.values())
    for (const print of device.values()) if (isWithheldPrint(print)) count += 1;
  return count;
}

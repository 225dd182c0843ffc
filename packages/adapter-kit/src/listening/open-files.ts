import { readFileSync } from 'node:fs';

/** Of the files that the process may have open, so many are for those who have not logged in. */
const share = 1 / 2;

/**
 * How many network connections may wait for their login if the process may have `openFiles` files open. Otherwise silent peers
 * would take all files, and no device could connect.
 */
export function placesWithin(wanted: number, openFiles: number | undefined): number {
  return openFiles === undefined ? wanted : Math.max(1, Math.min(wanted, Math.floor(openFiles * share)));
}

let known: { readonly limit: number | undefined } | undefined;

/**
 * The limit that the system sets; `undefined` where it sets none, or none is known. Read once: Node.js sets it when it starts, and
 * the report that has it on systems other than Linux takes some 20 ms to write.
 */
export function openFilesLimit(): number | undefined {
  known ??= { limit: readLimit() };
  return known.limit;
}

function readLimit(): number | undefined {
  // On Linux the system says it in a moment.
  const told = limitOfLinux();
  if (told !== undefined) return told === 'unlimited' ? undefined : Number(told);
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
  };
  const limit = userLimits?.open_files?.soft;
  return typeof limit === 'number' ? limit : undefined;
}

function limitOfLinux(): string | undefined {
  try {
    return /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

import type { LifeSign } from '@rollcall/core/directory';
import { readClaim, wireVersion, type Claim } from './claim.ts';
import { fullId, shortId } from './short-id.ts';

/** A message from one incarnation, or a script on its behalf, to another. */
export type InstanceMessage =
  | { readonly type: 'displaced' | 'moved'; readonly connection: string; readonly claim: Claim }
  | { readonly type: 'ended'; readonly connection: string }
  | { readonly type: 'signs'; readonly signs: readonly (readonly [connection: string, sign: LifeSign])[] };

/** How many signs go into one message. */
export const mostSigns = 500;
const longestMessage = 200_000;
const kinds = ['request', 'heard', 'goodbye'] as const;

/** `undefined`: the text is not a message. */
export function readMessage(text: string): InstanceMessage | undefined {
  if (text.length > longestMessage) return undefined;
  const [, type, rest = ''] = /^\d(displaced|moved|ended|signs) (.+)$/s.exec(text) ?? [];
  if (type === 'signs') return readSigns(rest);
  const end = rest.indexOf(' ');
  const connection = fullId(end === -1 ? rest : rest.slice(0, end));
  if (connection === undefined) return undefined;
  if (type === 'ended') return { type, connection };
  const claim = readClaim(rest.slice(end + 1));
  return claim && (type === 'displaced' || type === 'moved') ? { type, connection, claim } : undefined;
}

export function signsText(signs: readonly (readonly [connection: string, sign: LifeSign])[]): string {
  const rows = signs.map(([connection, { ageMs, kind, ttdMs, declaredMs, waitedMs }]) => [
    shortId(connection),
    kinds.indexOf(kind),
    Math.round(ageMs),
    ttdMs ?? null,
    declaredMs ?? null,
    // Earlier versions neither write it nor read it.
    ...(waitedMs === undefined ? [] : [Math.ceil(waitedMs)]),
  ]);
  return `${wireVersion}signs ${JSON.stringify(rows)}`;
}

function readSigns(text: string): InstanceMessage | undefined {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(rows) || rows.length > mostSigns) return undefined;
  const signs = rows.map(readRow);
  const known = signs.filter((sign) => sign !== undefined);
  return known.length === signs.length ? { type: 'signs', signs: known } : undefined;
}

function readRow(row: unknown): readonly [connection: string, sign: LifeSign] | undefined {
  if (!Array.isArray(row)) return undefined;
  const [short, kindIndex, ageMs, ttdMs, declaredMs, waitedMs] = row as readonly unknown[];
  const connection = typeof short === 'string' ? fullId(short) : undefined;
  const kind = typeof kindIndex === 'number' ? kinds[kindIndex] : undefined;
  if (connection === undefined || kind === undefined || !isDuration(ageMs)) return undefined;
  return [
    connection,
    {
      ageMs,
      kind,
      ...(isDuration(ttdMs) && { ttdMs }),
      ...(isDuration(declaredMs) && { declaredMs }),
      ...(isDuration(waitedMs) && { waitedMs }),
    },
  ];
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

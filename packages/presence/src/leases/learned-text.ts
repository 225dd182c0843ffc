import type { LearnedGaps } from '@rollcall/outbox';
import { fromLearned, toLearned } from './rhythm-store.ts';
import type { Rhythm } from './rhythm.ts';

/** No text of an adapter is longer. */
const maxTextLength = 1_000;

/** What was learned about a rhythm, as JSON, to move with its lease to another adapter; `undefined`: nothing was learned. */
export function learnedText(rhythm: Rhythm): string | undefined {
  const learned = toLearned(rhythm);
  return learned && JSON.stringify(learned);
}

/** The reverse of {@link learnedText}. Anyone may have written the text: one that is not a rhythm is ignored. */
export function readLearned(text: string | undefined): Rhythm {
  if (text === undefined || text.length > maxTextLength) return {};
  try {
    const learned: unknown = JSON.parse(text);
    if (!isObject(learned) || !isGaps(learned)) return {};
    const { count, meanMs, deviationMs, recentMs, closing } = learned;
    return fromLearned({
      count,
      meanMs,
      deviationMs,
      recentMs,
      ...(isClosing(closing) && { closing: { returns: closing.returns, ranOut: closing.ranOut } }),
    });
  } catch {
    return {};
  }
}

function isGaps(value: Readonly<Record<string, unknown>>): value is LearnedGaps & typeof value {
  const { count, meanMs, deviationMs, recentMs } = value as Readonly<Record<keyof LearnedGaps, unknown>>;
  if (!isNumber(count) || !isNumber(meanMs) || !isNumber(deviationMs)) return false;
  return Array.isArray(recentMs) && recentMs.every(isNumber) && (count === 0 || recentMs.length > 0);
}

function isClosing(value: unknown): value is { readonly returns: number; readonly ranOut: number } {
  if (!isObject(value)) return false;
  const { returns, ranOut } = value as Readonly<Record<'returns' | 'ranOut', unknown>>;
  return isNumber(returns) && isNumber(ranOut);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

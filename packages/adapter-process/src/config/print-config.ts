import { printable } from '@rollcall/core/text';
import type { Effective } from '@rollcall/options/internal';

/**
 * The effective configuration, for people and as an environment file. Where a value came from stands in the line above it: behind a
 * value, a comment would belong to it. Secrets, and what is not set, are comments.
 */
export function printConfig(effective: readonly Effective[]): string {
  return effective
    .flatMap(linesOf)
    .map((line) => `${printable(line)}\n`)
    .join('');
}

function linesOf({ variable, text, secret, source, file }: Effective): readonly string[] {
  if (text === undefined) return [`# ${source}`, `# ${variable}=`];
  if (file !== undefined) return [`# ${source}`, `# ${variable}=********`, `${variable}_FILE=${file}`];
  return [`# ${source}`, secret ? `# ${variable}=********` : `${variable}=${text}`];
}

import { z } from 'zod';

/** The texts that configuration values are written as. Each says what it expects when it gets something else. */

export const text: z.ZodType<string, string> = z.string().min(1, 'must not be empty');

/** A name that stands in addresses and file names as it is. */
export const identifier: z.ZodType<string, string> = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, underscores or hyphens');

export const flag: z.ZodType<boolean, string> = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

export const port: z.ZodType<number, string> = wholeNumber(0, 65_535);

/** A duration in milliseconds. */
export const milliseconds: z.ZodType<number, string> = wholeNumber(0, 2 ** 31 - 1);

export function wholeNumber(minimum: number, maximum: number): z.ZodType<number, string> {
  const expected = `must be a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^-?\d{1,15}$/, expected)
    .transform(Number)
    .pipe(z.number().min(minimum, expected).max(maximum, expected));
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): z.ZodType<Choice, string> {
  return z.string().transform((value, context) => {
    const choice = choices.find((each) => each === value);
    if (choice !== undefined) return choice;
    context.addIssue({ code: 'custom', message: `must be one of ${choices.join(', ')}` });
    return z.NEVER;
  });
}

/** One or more texts, separated by commas. */
export const commaSeparated: z.ZodType<readonly string[], string> = z
  .string()
  .transform((value) => value.split(',').map((each) => each.trim()))
  .pipe(z.array(z.string().min(1, 'must not have an empty part')));

/** One or more names, separated by commas; `none` for none. */
export const names: z.ZodType<readonly string[], string> = commaSeparated.transform((parts) =>
  parts.length === 1 && parts[0] === 'none' ? [] : parts,
);

/** `name=text` pairs, separated by commas. */
export const pairs: z.ZodType<Readonly<Record<string, string>>, string> = commaSeparated.transform(
  (parts, context) => {
    const entries = parts.map((part) => /^([^=\s]+)=(.+)$/.exec(part)?.slice(1));
    if (entries.every((entry) => entry !== undefined)) return Object.fromEntries(entries);
    context.addIssue({ code: 'custom', message: 'must be name=text pairs, separated by commas' });
    return z.NEVER;
  },
);

/** `*` for anything, or a regular expression that the whole text must match. */
export const anyOrPattern: z.ZodType<'*' | RegExp, string> = z.string().transform((value, context) => {
  if (value === '*') return value;
  try {
    return new RegExp(`^(?:${value})$`);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be * or a regular expression' });
    return z.NEVER;
  }
});

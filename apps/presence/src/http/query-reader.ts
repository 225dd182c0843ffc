import { badInput } from './problem.ts';

/** More than any route has. */
const maxParameters = 20;

/** The parameters behind the question mark of one request. Each may be given once. */
export class QueryReader {
  readonly #values: ReadonlyMap<string, string>;

  /** @throws Problem if the text is not well-formed, or has an unknown parameter, or one twice. */
  constructor(text: string, known: readonly string[]) {
    const values = new Map<string, string>();
    const parts = text.split('&', maxParameters + 1);
    if (parts.length > maxParameters) throw badInput('query', 'has too many parameters');
    for (const part of parts) {
      if (part === '') continue;
      const [encoded = '', ...rest] = part.split('=');
      const name = decoded(encoded, 'query');
      if (!known.includes(name))
        throw badInput(shown(name), `is no parameter of this path; there are ${known.join(', ') || 'none'}`);
      if (values.has(name)) throw badInput(name, 'may be given once');
      values.set(name, decoded(rest.join('='), name));
    }
    this.#values = values;
  }

  text(name: string, maxLength: number): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    if (value === '') throw badInput(name, 'must not be empty');
    if (value.length > maxLength) throw badInput(name, `must have ${maxLength} characters at most`);
    if (!isStorable(value)) throw badInput(name, 'has characters that no name has');
    return value;
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const choice = choices.find((each) => each === value);
    if (choice === undefined) throw badInput(name, `must be one of ${choices.join(', ')}`);
    return choice;
  }

  wholeNumber(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= minimum && number <= maximum))
      throw badInput(name, `must be a whole number from ${minimum} to ${maximum}`);
    return number;
  }

  /** Milliseconds since the Unix epoch, of a time as RFC 3339 has it. */
  time(name: string): number | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : readTime(name, value);
  }
}

const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

/** RFC 3339 has only the years 0 to 9999, and an answer repeats the times of its request. */
const [earliestMs, latestMs] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

function readTime(name: string, text: string): number {
  // In a query, a plus sign is a space.
  const match = rfc3339.exec(text.replace(' ', '+'));
  const at = match ? Date.parse(match[0].toUpperCase()) : Number.NaN;
  const [, day] = match ?? [];
  const isDay = day !== undefined && isDayOfCalendar(day);
  const isWritable = at >= earliestMs && at <= latestMs;
  if (!isWritable || !isDay) throw badInput(name, 'must be a time such as 2026-11-23T08:12:43Z');
  return at;
}

/** `Date.parse` reads the 30th of February as the 2nd of March. */
function isDayOfCalendar(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}

function decoded(text: string, field: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badInput(field, 'is not well-formed: % needs two hexadecimal digits, and UTF-8');
  }
}

/** An unknown parameter's name, if it is safe to repeat in an answer. */
function shown(name: string): string {
  return /^[\w.-]{1,40}$/.test(name) ? name : 'query';
}

/** No database stores lone surrogates, and PostgreSQL no U+0000. An id may have any other character. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

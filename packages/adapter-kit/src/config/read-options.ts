import type { Option, Options, ValuesOf } from './option.ts';

const ownPrefix = 'ROLLCALL_';
const honoPrefix = 'HONO_';

/** Where a value came from, for `--print-config`. */
export interface Effective {
  readonly variable: string;
  readonly text: string | undefined;
  readonly source: string;
  readonly secret: boolean;
}

export interface ReadResult<Set extends Options> {
  /** Complete only where there are no problems. */
  readonly values: ValuesOf<Set>;
  readonly effective: readonly Effective[];
  readonly problems: readonly string[];
}

/** Reads options from environment variables, and lists everything that is wrong with them, misspelt names too. */
export function readOptions<Set extends Options>(
  options: Set,
  env: Readonly<Record<string, string | undefined>>,
): ReadResult<Set> {
  const problems: string[] = [];
  const effective: Effective[] = [];
  const values: Record<string, unknown> = {};

  for (const [key, option] of Object.entries(options)) {
    const found = lookUp(option, env);
    effective.push(found);
    if (found.text === undefined) {
      values[key] = undefined;
      continue;
    }
    const parsed = option.schema.safeParse(found.text);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(`${found.source}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`);
  }

  const known = new Set(effective.map(({ variable }) => variable));
  for (const name of Object.keys(env)) {
    if (name.startsWith(ownPrefix) && !known.has(name))
      problems.push(`${name}: unknown option${suggestion(name, known)}`);
  }
  // Every key of `options` was set above; a value that could not be read is missing, but then there are problems.
  return { values: values as ValuesOf<Set>, effective, problems };
}

function lookUp(option: Option<unknown>, env: Readonly<Record<string, string | undefined>>): Effective {
  const variable = ownPrefix + option.name;
  const shared = { variable, secret: option.secret };
  if (env[variable] !== undefined) return { ...shared, text: env[variable], source: variable };
  const alias = honoPrefix + option.name;
  if (option.hono && env[alias] !== undefined) return { ...shared, text: env[alias], source: alias };
  return { ...shared, text: option.fallback, source: option.fallback === undefined ? 'not set' : 'default' };
}

function suggestion(name: string, known: ReadonlySet<string>): string {
  const plain = (variable: string): string => variable.replaceAll('_', '');
  const near = [...known].find((each) => plain(each) === plain(name) || distanceIsSmall(each, name));
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** Whether two names differ by one or two characters left out, added or changed. */
function distanceIsSmall(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 2) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end))
    end += 1;
  return Math.max(one.length, other.length) - start - end <= 2;
}

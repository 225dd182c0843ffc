import type { ConfigProblem } from '@rollcall/core';
import type { Option, Options, ValuesOf } from './option.ts';
import { secretFromFile } from './secret-from-file.ts';
import { serviceLinks } from './service-links.ts';

const ownPrefix = 'ROLLCALL_';
const honoPrefix = 'HONO_';
/** Behind the name of a secret: the file that holds it. */
const fileSuffix = '_FILE';

/** Where a value came from, for `--print-config`. */
export interface Effective {
  readonly variable: string;
  readonly text: string | undefined;
  readonly source: string;
  readonly secret: boolean;
  /** The file that the text was read from, where it is a secret in one. */
  readonly file?: string;
  /** Why there is no text, although one was configured. */
  readonly problem?: ConfigProblem;
}

export interface ReadResult<Set extends Options> {
  /** Complete only where there are no problems. */
  readonly values: ValuesOf<Set>;
  /** Not of options that are not set, and like another one. */
  readonly effective: readonly Effective[];
  readonly problems: readonly ConfigProblem[];
  /** Variables that are set, and could not be read: whatever else is said of their values is not true. */
  readonly unreadable: ReadonlySet<string>;
  /** What was left aside, a line each. */
  readonly warnings: readonly string[];
  /** Variables that Kubernetes set for Services, which are left aside too. */
  readonly serviceLinks: readonly string[];
}

/**
 * Reads options from environment variables, and lists everything that is wrong with them, misspelt names too. Those of Eclipse
 * Hono that mean nothing here are warned of: an environment may be shared with Hono's own adapters.
 */
export function readOptions<Set extends Options>(
  options: Set,
  environment: Readonly<Record<string, string | undefined>>,
): ReadResult<Set> {
  const links = serviceLinks(environment);
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !links.has(name)));
  const problems: ConfigProblem[] = [];
  const unreadable = new Set<string>();
  const effective: Effective[] = [];
  const values: Record<string, unknown> = {};

  for (const [key, option] of Object.entries(options)) {
    const found = lookUp(option, env);
    const isLeftToAnother = option.like !== undefined && found.text === undefined && !found.problem;
    if (!isLeftToAnother) effective.push(found);
    if (found.problem !== undefined) {
      problems.push(found.problem);
      unreadable.add(found.variable);
    }
    if (found.text === undefined) {
      values[key] = undefined;
      continue;
    }
    const parsed = option.schema.safeParse(found.text);
    if (parsed.success) values[key] = parsed.data;
    else {
      const said = parsed.error.issues.map((issue) => issue.message).join('; ');
      problems.push({ code: 'OPTION_MALFORMED', text: `${found.source}: ${said}` });
      unreadable.add(found.variable);
    }
  }

  const known = new Set(Object.values(options).flatMap((option) => namesOf(ownPrefix, option)));
  for (const name of Object.keys(env)) {
    if (name.startsWith(ownPrefix) && !known.has(name))
      problems.push({ code: 'OPTION_UNKNOWN', text: `${name}: unknown option${suggestion(name, known)}` });
  }
  // Every key of `options` was set above; a value that could not be read is missing, but then there are problems.
  return {
    values: values as ValuesOf<Set>,
    effective,
    problems,
    unreadable,
    warnings: unknownOfHono(Object.values(options), env),
    serviceLinks: [...links].filter((name) => name.startsWith(ownPrefix) || name.startsWith(honoPrefix)),
  };
}

/** Of the sections that the options are in; other sections are other programs'. */
function unknownOfHono(
  options: readonly Option<unknown>[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const sections = new Set(options.map(({ name }) => sectionOf(name)));
  const known = new Set(options.filter(({ hono }) => hono).flatMap((option) => namesOf(honoPrefix, option)));
  const own = new Set(options.map(({ name }) => name));
  return Object.keys(env)
    .filter((name) => name.startsWith(honoPrefix) && !known.has(name))
    .filter((name) => sections.has(sectionOf(name.slice(honoPrefix.length))))
    .map((name) => {
      const suffix = name.slice(honoPrefix.length);
      const hint = own.has(suffix) ? `; here it is ${ownPrefix}${suffix}` : suggestion(name, known);
      return `${name}: unknown option of Hono, left aside${hint}`;
    });
}

function sectionOf(name: string): string {
  return name.split('_', 1)[0] ?? name;
}

/** The variables that give an option its value. */
function namesOf(prefix: string, { name, secret }: Option<unknown>): readonly string[] {
  return secret ? [prefix + name, prefix + name + fileSuffix] : [prefix + name];
}

/** The own name wins over Hono's, each with its file. */
function lookUp(option: Option<unknown>, env: Readonly<Record<string, string | undefined>>): Effective {
  const variable = ownPrefix + option.name;
  const shared = { variable, secret: option.secret };
  for (const prefix of option.hono ? [ownPrefix, honoPrefix] : [ownPrefix]) {
    const [plain = '', inFile] = namesOf(prefix, option);
    const path = inFile === undefined ? undefined : env[inFile];
    if (inFile !== undefined && path !== undefined) {
      const notSet = { ...shared, text: undefined, source: inFile };
      if (env[plain] !== undefined)
        return {
          ...notSet,
          problem: { code: 'OPTIONS_CONFLICT', text: `${plain} and ${inFile}: set one of them` },
        };
      const read = secretFromFile(path);
      return read.status === 'read'
        ? { ...notSet, text: read.text, file: path }
        : { ...notSet, problem: { code: 'OPTION_FILE_UNREADABLE', text: `${inFile}: ${read.problem}` } };
    }
    if (env[plain] !== undefined) return { ...shared, text: env[plain], source: plain };
  }
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

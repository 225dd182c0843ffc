import { ContractError } from '@rollcall/core/internal';

/** A kind of value; `optional`: the library sets it later; a number: a function with as many parameters. */
export type Member = 'number' | 'object' | 'boolean' | 'string' | 'optional' | number;

/** What is used of one of a library's objects beyond its typings. */
export interface ExpectedMembers {
  readonly name: string;
  readonly object: object;
  readonly members: Readonly<Record<string, Member>>;
}

/**
 * Checks that a library has what is used of it beyond its typings. A member that an update removed would otherwise be missed in the
 * middle of a conversation.
 *
 * @param library for the error, e.g. `rhea 3.0.5`: the version in which each member was looked up.
 * @throws ContractError that names what is not as expected.
 */
export function requireMembers(library: string, expected: readonly ExpectedMembers[]): void {
  const problems = problemsOf(expected);
  if (problems.length > 0)
    throw new ContractError(
      [`what is installed is not the ${library} that this was written for`, ...problems].join('\n'),
    );
}

/** What is not as expected, one a line. */
export function problemsOf(expected: readonly ExpectedMembers[]): readonly string[] {
  return expected.flatMap(({ name, object, members }) =>
    Object.entries(members).flatMap(([member, kind]) => {
      const wrong = wrongIn(object, member, kind);
      return wrong === undefined ? [] : [`${name}.${member} ${wrong}`];
    }),
  );
}

function wrongIn(object: object, member: string, kind: Member): string | undefined {
  if (!(member in object)) return 'is gone';
  const value: unknown = Reflect.get(object, member);
  if (kind === 'optional') return undefined;
  if (typeof kind !== 'number')
    return typeof value === kind && value !== null ? undefined : `is no ${kind} any more`;
  if (typeof value !== 'function') return 'is no function any more';
  return value.length === kind ? undefined : `takes ${value.length} arguments, not ${kind}`;
}

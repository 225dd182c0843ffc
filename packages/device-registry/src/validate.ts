import type { z } from 'zod';
import type { ProblemList } from './problem-list.ts';

/** Reads the part of a file that is at the path `at`. Problems are added to the list, each with its path. */
export function validate<Value>(
  schema: z.ZodType<Value>,
  raw: unknown,
  at: readonly PropertyKey[],
  problems: ProblemList,
): Value | undefined {
  let parsed;
  try {
    parsed = schema.safeParse(raw);
  } catch {
    // zod passes problems on as arguments of a function, whose number is limited.
    problems.add(`${pathOf(at)}: too much is wrong with it`);
    return undefined;
  }
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    for (const problem of describe(issue, raw, at)) problems.add(problem);
  return undefined;
}

function describe(issue: z.core.$ZodIssue, raw: unknown, at: readonly PropertyKey[]): readonly string[] {
  const path = pathOf([...at, ...issue.path]);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${pathOf([...at, ...issue.path, key])}: unknown field`);
  if (issue.code === 'invalid_type' && valueAt(raw, issue.path) === undefined) return [`${path}: is missing`];
  return [`${path}: ${issue.message}`];
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

export function pathOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((part, index) =>
        typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`,
      )
      .join('') || 'file'
  );
}

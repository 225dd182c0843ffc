import type { z } from 'zod';

/** One setting of an adapter, read from the environment. */
export interface Option<Value> {
  /** Without prefix, e.g. `MQTT_INSECUREPORT`: the variable is `ROLLCALL_MQTT_INSECUREPORT`. */
  readonly name: string;
  /** From the text of the variable to the value. */
  readonly schema: z.ZodType<Value, string>;
  /** Text that stands where the variable is not set; absent: the value is then `undefined`. */
  readonly fallback?: string;
  /** Whether Eclipse Hono has the same option: then `HONO_…` with the same suffix works too. */
  readonly hono: boolean;
  /** Masked wherever the configuration is shown. */
  readonly secret: boolean;
  /** One line for the README. */
  readonly describe: string;
  /** Name of the option that stands where this one is not set: tables list that one alone. */
  readonly like?: string;
}

// oxlint-disable-next-line typescript/no-explicit-any -- the value's type is inferred per option, see ValuesOf
export type Options = Readonly<Record<string, Option<any>>>;

/** The values of a set of options, by key. */
export type ValuesOf<Set extends Options> = {
  readonly [Key in keyof Set]: Set[Key] extends Option<infer Value> ? Value : never;
};

/** The variable that gives an option its value. */
export function variableOf(name: string): string {
  return `ROLLCALL_${name}`;
}

interface OptionTraits {
  readonly hono?: boolean;
  readonly secret?: boolean;
}

/** An option with a default. */
export function option<Value>(
  name: string,
  schema: z.ZodType<Value, string>,
  fallback: string,
  describe: string,
  traits: OptionTraits = {},
): Option<Value> {
  return { name, schema, fallback, describe, hono: traits.hono ?? false, secret: traits.secret ?? false };
}

/**
 * The same options for one part of what they are for: each stands where it is set, and else the one that it is like.
 *
 * @param name of an option, of the name of the one that it is like.
 */
export function optionsLike<Set extends Options>(
  options: Set,
  name: (of: string) => string,
  traits: Pick<OptionTraits, 'hono'> = {},
): { readonly [Key in keyof Set]: Option<ValuesOf<Set>[Key] | undefined> } {
  const likened = Object.entries(options).map(([key, each]) => {
    const { fallback: _, ...rest } = each;
    return [key, { ...rest, name: name(each.name), hono: traits.hono ?? false, like: each.name }];
  });
  // Each key of `options` has its option.
  return Object.fromEntries(likened) as never;
}

/** An option that may be left out. */
export function optional<Value>(
  name: string,
  schema: z.ZodType<Value, string>,
  describe: string,
  traits: OptionTraits = {},
): Option<Value | undefined> {
  return { name, schema, describe, hono: traits.hono ?? false, secret: traits.secret ?? false };
}

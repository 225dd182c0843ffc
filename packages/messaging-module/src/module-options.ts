import type { Options, ValuesOf } from '@rollcall/options';
import type { MessagingModule } from './messaging-module.ts';

/** The options of all modules, in their order. Keys of two modules are kept apart. */
export function optionsOfModules(modules: readonly MessagingModule[]): Options {
  return Object.fromEntries(
    modules.flatMap((module) =>
      Object.entries(module.options).map(([key, option]) => [keyOf(module, key), option] as const),
    ),
  );
}

/** What was read for one module, by its own keys. */
export function valuesOfModule(module: MessagingModule, values: ValuesOf<Options>): ValuesOf<Options> {
  return Object.fromEntries(Object.keys(module.options).map((key) => [key, values[keyOf(module, key)]]));
}

function keyOf({ name }: MessagingModule, key: string): string {
  return `${name}.${key}`;
}

import type { ConfigProblem } from '@rollcall/core';
import type { ConfigCode } from '@rollcall/core/internal';
import { variableOf } from './option.ts';

/** What is wrong with options that are each right by themselves. */
export interface OptionProblem {
  /** Names of the options, without prefix. */
  readonly options: readonly [string, ...string[]];
  readonly text: string;
  /** Default: `OPTIONS_CONFLICT`. */
  readonly code?: ConfigCode;
}

/** An option, and what it says; `undefined`: it is not set. */
type Said = readonly [option: string, value: unknown];

/** Two options of which neither is of use alone, as a key and its certificate. */
export function setBothOrNeither([first, one]: Said, [second, other]: Said): readonly OptionProblem[] {
  if ((one === undefined) === (other === undefined)) return [];
  return [{ options: [first, second], text: 'set both or neither' }];
}

/** The line that an operator reads: the variables, and what is wrong with them. */
export function problemText({ options, text }: OptionProblem): string {
  return `${options.map(variableOf).join(' and ')}: ${text}`;
}

/** The same, as a problem of the configuration. */
export function configProblem(problem: OptionProblem): ConfigProblem {
  return { code: problem.code ?? 'OPTIONS_CONFLICT', text: problemText(problem) };
}

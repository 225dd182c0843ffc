import { variableOf } from './option.ts';

/** What is wrong with options that are each right by themselves. */
export interface OptionProblem {
  /** Names of the options, without prefix. */
  readonly options: readonly [string, ...string[]];
  readonly text: string;
}

/** The line that an operator reads: the variables, and what is wrong with them. */
export function problemText({ options, text }: OptionProblem): string {
  return `${options.map(variableOf).join(' and ')}: ${text}`;
}

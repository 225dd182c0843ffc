// How an adapter says what it can be configured with. Formats: formats.ts. TLS: tls.ts. What a module brings: module.ts.
export { environmentTable } from './environment-table.ts';
export { configProblem, type OptionProblem, setBothOrNeither } from './option-problem.ts';
export { type Option, option, optional, type Options, type ValuesOf, variableOf } from './option.ts';
export { readOptions } from './read-options.ts';

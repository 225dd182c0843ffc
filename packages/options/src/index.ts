export { type AddressRanges, addressRanges, parseAddressRanges } from './address-ranges.ts';
export { environmentTable } from './environment-table.ts';
export {
  anyOrPattern,
  commaSeparated,
  flag,
  identifier,
  milliseconds,
  names,
  oneOf,
  pairs,
  port,
  text,
  wholeNumber,
} from './formats.ts';
export { followClientSecrets, type ClientSecretFiles } from './follow-client-secrets.ts';
export { isSectionOfHono } from './hono-sections.ts';
export {
  type ChosenModule,
  type OptionModule,
  chooseModule,
  filesOfSecrets,
  optionsOfModules,
} from './option-module.ts';
export { configProblem, type OptionProblem, problemText, setBothOrNeither } from './option-problem.ts';
export { type Option, type Options, type ValuesOf, option, optional, variableOf } from './option.ts';
export { type Effective, type ReadResult, readOptions } from './read-options.ts';
export { readPem } from './read-pem.ts';
export {
  type TlsChoice,
  type TlsVersion,
  cipherSuitesOption,
  defaultTlsChoice,
  secureProtocolsOption,
  tlsChoice,
  tlsChoiceProblems,
} from './tls-choice.ts';

// What a package that sends to a messaging network needs of the kit: the language of options, files that may be replaced, and the
// type of what it brings.
export { flag, milliseconds, names, oneOf, pairs, port, text, wholeNumber } from '../config/formats.ts';
export { option, optional, variableOf, type Option, type Options, type ValuesOf } from '../config/option.ts';
export { problemText, type OptionProblem } from '../config/option-problem.ts';
export { readOptions, type ReadResult } from '../config/read-options.ts';
export { readPem } from '../config/read-pem.ts';
export { withoutLineEnd } from '../config/secret-from-file.ts';
export {
  cipherSuitesOption,
  secureProtocolsOption,
  tlsChoice,
  tlsChoiceProblems,
  type TlsChoice,
} from '../config/tls-choice.ts';
export { certificatesIn, checkNewPair, checkPair } from '../followed-files/certificate-pair.ts';
export type { FollowedSet } from '../followed-files/followed-files.ts';
export type { InForce, Messaging, MessagingContext, MessagingModule } from './messaging-module.ts';

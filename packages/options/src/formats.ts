// Formats of option values.
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
} from './option-formats.ts';

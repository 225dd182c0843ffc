/**
 * Kinds of problems with a configuration. `docs/errors.md` says what each means and what to do.
 * `CONFIGURATION_INVALID` is what none of the others says, such as the settings of a sink of your own.
 */
export const configCodes = [
  'OPTION_UNKNOWN',
  'OPTION_MALFORMED',
  'OPTION_MISSING',
  'OPTIONS_CONFLICT',
  'OPTION_FILE_UNREADABLE',
  'CERTIFICATE_UNUSABLE',
  'NETWORK_WOULD_LOSE_EVENTS',
  'SINK_UNUSABLE',
  'REGISTRY_UNREADABLE',
  'REGISTRY_INVALID',
  'DEBUG_SHOWS_SECRETS',
  'NODE_TOO_OLD',
  'CONFIGURATION_INVALID',
] as const;

export type ConfigCode = (typeof configCodes)[number];

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  readonly code: ConfigCode;
  /** One line, for people. */
  readonly text: string;
}

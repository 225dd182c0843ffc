/** Of severity and time of a log line: `words` and RFC 3339, or numbers as pino has them by itself. */
export type LogFormat = (typeof logFormats)[number];

export const logFormats = ['words', 'numbers'] as const;

/** Before the configuration is read, and where it cannot be. */
export function logFormatOf(env: Readonly<Record<string, string | undefined>>): LogFormat {
  return env['ROLLCALL_LOG_FORMAT'] === 'numbers' ? 'numbers' : 'words';
}

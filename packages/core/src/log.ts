/** The part of pino's interface that packages use. Never pass a secret or a raw message of a device. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Says nothing: for tests and for tools that print themselves. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

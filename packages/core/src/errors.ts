/**
 * Base of the errors Rollcall throws. Expected outcomes are unions, not exceptions: an error means a mistake of
 * the operator ({@link ConfigError}), of code ({@link ContractError}), or a broken environment ({@link TransportError}).
 */
export abstract class AdapterError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;
}

/** The configuration cannot be used. Lists every problem found, one a line. */
export class ConfigError extends AdapterError {
  readonly code = 'config';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** One of our own interfaces was used against its rules. */
export class ContractError extends AdapterError {
  readonly code = 'contract';
  override readonly name = 'ContractError';
}

/** The network, or a peer on it, did not do its part. */
export class TransportError extends AdapterError {
  readonly code = 'transport';
  override readonly name = 'TransportError';
}

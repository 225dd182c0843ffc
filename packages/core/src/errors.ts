import type { ConfigProblem } from './config-problem.ts';

/**
 * Base of the errors Rollcall throws. Expected outcomes are unions, not exceptions: an error means a mistake of
 * the operator ({@link ConfigError}), of code ({@link ContractError}), or a broken environment ({@link TransportError}).
 */
abstract class AdapterError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;
}

/** The configuration cannot be used. Lists every problem found, one a line. */
export class ConfigError extends AdapterError {
  readonly code = 'config';
  /** The texts. */
  readonly problems: readonly string[];
  /** The same, with the kind of each. */
  readonly coded: readonly ConfigProblem[];

  /** @param problems a text alone is of the kind `CONFIGURATION_INVALID`. */
  constructor(problems: readonly (ConfigProblem | string)[]) {
    const coded = problems.map((problem) =>
      typeof problem === 'string' ? ({ code: 'CONFIGURATION_INVALID', text: problem } as const) : problem,
    );
    super(coded.map(({ text }) => text).join('\n'));
    this.name = 'ConfigError';
    this.coded = coded;
    this.problems = coded.map(({ text }) => text);
  }
}

/** One of our own interfaces was used against its rules. */
export class ContractError extends AdapterError {
  readonly code = 'contract';
  override readonly name = 'ContractError';
}

/** What a process cannot start without, see `docs/errors.md`. `START_FAILED` is what none of the others says. */
export const startCodes = ['PORT_NOT_BOUND', 'JOURNAL_NOT_OPENED', 'START_FAILED'] as const;

type StartCode = (typeof startCodes)[number];

/** The network, or a peer on it, did not do its part. */
export class TransportError extends AdapterError {
  readonly code = 'transport';
  override readonly name = 'TransportError';
  /** The code in the log where this error keeps a process from starting. */
  readonly startCode: StartCode;

  constructor(message: string, options: ErrorOptions & { readonly startCode?: StartCode } = {}) {
    super(message, options);
    this.startCode = options.startCode ?? 'START_FAILED';
  }
}

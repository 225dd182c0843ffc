/** Of `process`, as Node.js has it. */
interface Warning {
  emitWarning(warning: string | Error, ...rest: readonly unknown[]): void;
}

/**
 * Node.js 22 says once in each process that its SQLite is experimental, on standard error, to people who cannot do anything about it.
 * Which versions are supported is tested with that SQLite. Every other warning is told.
 */
export function hideSqliteWarning(of: Warning = process): void {
  const tell = of.emitWarning.bind(of);
  of.emitWarning = (warning, ...rest) => {
    const isAboutSqlite =
      typeof warning === 'string' && warning.startsWith('SQLite ') && rest[0] === 'ExperimentalWarning';
    if (!isAboutSqlite) tell(warning, ...rest);
  };
}

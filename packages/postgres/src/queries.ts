import pg from 'pg';

/** Sends queries within one transaction. */
export interface Client {
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the text of the query decides what a row has
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Row[]; readonly rowCount: number | null }>;
}

export interface Queries extends Client {
  /** Runs a transaction that no other writer of any replica runs at the same time. */
  exclusively<Result>(work: (client: Client) => Promise<Result>): Promise<Result>;
  /** The same, without a time limit, for work that takes longer the larger the tables are. */
  patiently<Result>(work: (client: Client) => Promise<Result>): Promise<Result>;
  /**
   * Runs `work` when no other replica runs work under the same lock. If the connection that holds the lock is lost, this rejects at once,
   * and another replica may begin, while the work itself is not interrupted.
   */
  alone<Result>(alone: Alone, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface Alone {
  /** The number of the advisory lock, which is not that of the writers. */
  readonly lock: number;
  /** Called once if another replica holds the lock. */
  waits(): void;
}

export interface QueriesOptions {
  readonly url: string;
  /** The number of the advisory lock that writers take: 31 bits, unique for each kind of store. */
  readonly writersLock: number;
  /** Called when an idle connection is lost. */
  onIdleError(error: Error): void;
  /** Makes the error that is thrown if the same query may succeed later. */
  unavailable(message: string, options: ErrorOptions): Error;
}

const connectWithinMs = 5_000;
/** How long a query may take. */
const answerWithinMs = 15_000;
const maxConnections = 8;

/** The object id of the type BIGINT. */
const int8: number = pg.types.builtins.INT8;

/** BIGINT columns are times and counts, which JavaScript numbers represent exactly. */
const types = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

export function openQueries({ url, writersLock, onIdleError, unavailable }: QueriesOptions): Queries {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: answerWithinMs,
    // The server cancels queries that nobody waits for any more.
    statement_timeout: answerWithinMs,
    // A replica whose host was lost holds the lock of writers no longer than this.
    idle_in_transaction_session_timeout: answerWithinMs,
    types,
  });
  // An idle connection was lost. The next query opens another one.
  pool.on('error', onIdleError);
  const guarded = <Result>(work: () => Promise<Result>): Promise<Result> => guard(work, unavailable);
  const begin = `BEGIN; SELECT pg_advisory_xact_lock(${writersLock})`;
  return {
    query: (text, values) => guarded(() => pool.query(text, values as unknown[])),
    exclusively: (work) => guarded(() => inTransaction(pool, begin, work)),
    patiently: (work) =>
      guarded(() => overOwnConnection(url, (connection) => transaction(connection, begin, work))),
    alone: (alone, work) =>
      guarded(() => overOwnConnection(url, (connection) => underLock(connection, alone, work))),
    close: async () => {
      if (!pool.ending) await pool.end();
    },
  };
}

async function inTransaction<Result>(
  pool: pg.Pool,
  begin: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  // A lost connection also emits an error beside the query that fails. Without a listener, that would end the process.
  const lost = (error: Error): void => void (broken = error);
  connection.on('error', lost);
  try {
    return await transaction(connection, begin, work);
  } catch (error) {
    await connection.query('ROLLBACK').catch((another: Error) => (broken = another));
    throw error;
  } finally {
    connection.off('error', lost);
    // The state of the connection is unknown, so it is not used again.
    connection.release(broken);
  }
}

async function transaction<Result>(
  connection: pg.ClientBase,
  begin: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  await connection.query(begin);
  const result = await work({
    query: (text, values) => connection.query(text, values as unknown[]),
  });
  await connection.query('COMMIT');
  return result;
}

async function underLock<Result>(
  connection: pg.Client,
  { lock, waits }: Alone,
  work: () => Promise<Result>,
): Promise<Result> {
  const { rows } = await connection.query<{ readonly free: boolean }>(
    'SELECT pg_try_advisory_lock($1) AS free',
    [lock],
  );
  if (rows[0]?.free !== true) {
    waits();
    await connection.query('SELECT pg_advisory_lock($1)', [lock]);
  }
  const lost = new Promise<never>((_resolve, reject) => {
    connection.once('end', () => reject(new Error('the connection to the database was lost')));
  });
  return Promise.race([work(), lost]);
}

/**
 * Removes the limits that a role or a database may have set. Older servers do not know all of them. A lost host is noticed
 * within half a minute: until then, its connection holds its locks.
 */
const withoutLimits = `
  SELECT set_config(name, value, false)
  FROM (VALUES
    ('statement_timeout', '0'),
    ('idle_session_timeout', '0'),
    ('tcp_keepalives_idle', '10'),
    ('tcp_keepalives_interval', '5'),
    ('tcp_keepalives_count', '3')
  ) AS wanted (name, value)
  JOIN pg_settings USING (name)`;

/** A connection without time limits. The operating system notices when the host of the server is lost. The work ends with the connection. */
async function overOwnConnection<Result>(
  url: string,
  work: (connection: pg.Client) => Promise<Result>,
): Promise<Result> {
  const connection = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    types,
  });
  let lost: Error | undefined;
  connection.on('error', (error) => (lost = error));
  try {
    await connection.connect();
    await connection.query(withoutLimits);
    return await work(connection);
  } catch (error) {
    throw lost ?? error;
  } finally {
    await connection.end().catch(() => {});
  }
}

async function guard<Result>(
  work: () => Promise<Result>,
  unavailable: QueriesOptions['unavailable'],
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isPassing(error)) throw error;
    throw unavailable(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * Classes of SQLSTATE after which the same query may succeed: no connection, rolled back, out of resources, operator intervention, system
 * error; a connection that is refused, as with another password, by the access rules of the server, or while the database has another
 * name or takes no connections; read only, as on a standby; and a transaction during which this process was stopped. Errors without
 * SQLSTATE are not of the server.
 */
const passing = /^(?:08|28|3D|40|53|57|58|25006|25P03|55000)/;

export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  if (error instanceof pg.DatabaseError) return typeof code === 'string' && passing.test(code);
  // A socket error, a time-out, or a closed pool, but not a mistake in our own code.
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);
}

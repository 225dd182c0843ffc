import pg from 'pg';

/** What is asked within one transaction. */
export interface Client {
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a row has, the text of the question says
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Row[]; readonly rowCount: number | null }>;
}

export interface Queries extends Client {
  /** A transaction of one writer at a time, over all replicas. */
  exclusively<Result>(work: (client: Client) => Promise<Result>): Promise<Result>;
  /** The same of work that takes as long as the tables are large. */
  patiently<Result>(work: (client: Client) => Promise<Result>): Promise<Result>;
  /**
   * Runs this once no other replica runs work under the same lock. Where the connection that holds the lock is lost, it rejects at once, and
   * others may begin; what was begun ends by itself.
   */
  alone<Result>(alone: Alone, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface Alone {
  /** Of the advisory lock: another one than that of the writers. */
  readonly lock: number;
  /** Called once where another replica has it. */
  waits(): void;
}

export interface QueriesOptions {
  readonly url: string;
  /** Of the advisory lock that writers take: 31 bits, another one for each kind of store. */
  readonly writersLock: number;
  /** Told of a connection that is lost while nothing is asked over it. */
  onIdleError(error: Error): void;
  /** What is thrown where the same may succeed later. */
  unavailable(message: string, options: ErrorOptions): Error;
}

const connectWithinMs = 5_000;
/** A question that takes longer is given up. */
const answerWithinMs = 15_000;
const maxConnections = 8;

/** The type of numbers of 64 bits, by its object id. */
const int8: number = pg.types.builtins.INT8;

/** Numbers of 64 bits are times and counts here: all of them are exact as JavaScript has them. */
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
    // The server gives up what nobody waits for any more.
    statement_timeout: answerWithinMs,
    // A replica whose host is gone holds the lock of writers no longer than that.
    idle_in_transaction_session_timeout: answerWithinMs,
    types,
  });
  // Of a connection that is lost while nothing is asked over it: the next question dials another one.
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
  // One that is lost says so beside the question that fails: without a listener that would end the process.
  const lost = (error: Error): void => void (broken = error);
  connection.on('error', lost);
  try {
    return await transaction(connection, begin, work);
  } catch (error) {
    await connection.query('ROLLBACK').catch((another: Error) => (broken = another));
    throw error;
  } finally {
    connection.off('error', lost);
    // A connection in an unknown state is not used again.
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
 * A role or a database may have limits of its own; older servers do not know all of them. A host that is gone is noticed within half a
 * minute: until then its connection holds locks.
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

/** Without limits of time; that a server's host is gone is noticed by the system. What was begun is given up with the connection. */
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
 * Classes of SQLSTATE after which the same may succeed: no connection, rolled back, out of resources, operator intervention, system
 * error; read only, as a standby is; and a transaction in which this process stood still. Without one, the error is not the server's.
 */
const passing = /^(?:08|40|53|57|58|25006|25P03)/;

export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  if (error instanceof pg.DatabaseError) return typeof code === 'string' && passing.test(code);
  // A socket error, a time-out, or a pool that was closed; and no mistake in our own code.
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);
}

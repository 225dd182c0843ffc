import rhea from 'rhea';

// What the adapter needs of rhea 3.0.5 and its typings leave out.

export interface RheaInternals {
  accept(socket: object): void;
  /** Replaced while our Open has to wait; rhea calls it when the peer's arrives. */
  open?: () => void;
  /** What rhea does after twice the time-out that the peer was told. */
  idle: () => void;
  readonly remote: {
    readonly open: { readonly container_id?: unknown; readonly desired_capabilities?: unknown };
  };
  sasl_transport?: SaslServer;
  transport: object;
}

interface SaslServer {
  readonly transport: { readonly read_complete?: boolean };
}

const { sasl } = rhea as unknown as {
  readonly sasl: { readonly Server: new (connection: object, mechanisms: object) => SaslServer };
};

export function internalsOf(connection: rhea.Connection): RheaInternals {
  return connection as unknown as RheaInternals;
}

/**
 * Lets a peer talk to rhea once one of the mechanisms, and these only, says that it may.
 *
 * rhea's own ways are not for devices: mechanisms of the container are shared by all connections, and where there are none,
 * everybody is let in.
 */
export function serveSasl(
  connection: rhea.Connection,
  socket: object,
  mechanisms: Readonly<Record<string, (response: Uint8Array | undefined) => Promise<boolean>>>,
): void {
  const internals = internalsOf(connection);
  internals.accept(socket);
  const server = new sasl.Server(
    connection,
    Object.fromEntries(
      Object.entries(mechanisms).map(([name, verify]) => [
        name,
        () => {
          const exchange = {
            outcome: undefined as boolean | undefined,
            async start(response: Uint8Array | undefined) {
              exchange.outcome = await verify(response);
            },
          };
          return exchange;
        },
      ]),
    ),
  );
  internals.sasl_transport = server;
  internals.transport = server;
}

import { TransportError } from '@rollcall/core';
import { later, type Clock, type Log, type Random } from '@rollcall/core/environment';
import { dial, dialFailureOf } from '@rollcall/amqp-connection/internal';
import type { TlsOptions } from '@rollcall/amqp-connection';
import type rhea from 'rhea';
import type { PlainLogin } from './identity.ts';

/** Hono's auth server, or one with the same protocol. */
export interface AuthServer {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions;
  /** The time for everything, from the socket to the token. */
  readonly timeoutMs: number;
}

export interface FetchTokenContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  failed(where: string, error: unknown): void;
}

export type FetchedToken =
  | { readonly status: 'token'; readonly token: string }
  /** The server does not know the client, or the password is wrong. */
  | { readonly status: 'wrong' }
  | { readonly status: 'unavailable'; readonly cause: string };

const maxTokenBytes = 65_536;

/**
 * Logs in at the auth server with the client's login, and requests a token: one message from the source `cbs`
 * (`docs/hono-compatibility.md` §18). Never rejects.
 */
export async function fetchToken(
  server: AuthServer,
  { authorizationId, username, password }: PlainLogin,
  context: FetchTokenContext,
): Promise<FetchedToken> {
  const giveUp = new AbortController();
  const { clock, failed } = context;
  const disarm = clock.at(later(clock.monotonic(), server.timeoutMs), () => giveUp.abort());
  try {
    const { host, port, tls, timeoutMs } = server;
    const dialled = await dial(
      {
        ...{ host, port, clock, random: context.random, log: context.log },
        ...(tls && { tls }),
        containerName: 'device-registry-auth',
        connectTimeoutMs: timeoutMs,
        username,
        password: Buffer.from(password).toString('utf8'),
        ...(authorizationId !== '' && { authorizationId }),
      },
      clock,
      failed,
      giveUp.signal,
    );
    try {
      const token = await Promise.race([
        receiveToken(dialled.session),
        dialled.lost.then((cause) => Promise.reject(new TransportError(cause))),
        aborted(giveUp.signal),
      ]);
      return { status: 'token', token };
    } finally {
      dialled.hangUp(true, 'the token is there');
    }
  } catch (error) {
    const { kind, said } = dialFailureOf(error);
    if (kind === 'credentials') return { status: 'wrong' };
    return { status: 'unavailable', cause: giveUp.signal.aborted ? noTokenWithin(server.timeoutMs) : said };
  } finally {
    disarm();
  }
}

function receiveToken(session: rhea.Session): Promise<string> {
  return new Promise((resolve, reject) => {
    const receiver = session.open_receiver({
      source: { address: 'cbs' },
      credit_window: 0,
      max_message_size: maxTokenBytes,
    });
    receiver.add_credit(1);
    receiver.on('message', ({ message }: rhea.EventContext) => {
      const body: unknown = message?.body;
      if (message?.application_properties?.['type'] === 'amqp:jwt' && typeof body === 'string') resolve(body);
      else reject(new TransportError('the auth server sent something else than a token'));
    });
    const refused = (): void => {
      const { condition = 'closed' } = (receiver.error ?? {}) as { readonly condition?: string };
      reject(new TransportError(`the auth server gives no token: ${condition}`));
    };
    receiver.on('receiver_close', refused);
    receiver.on('receiver_error', refused);
  });
}

/** Dialling that is given up says only that the connection is closed. */
function noTokenWithin(timeoutMs: number): string {
  return `no token within ${timeoutMs} ms`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = (): void => reject(new TransportError('given up'));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

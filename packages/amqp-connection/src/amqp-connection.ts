import { sleep, TransportError } from '@rollcall/core';
import { dial, type Dialled } from './dial.ts';
import { defaultTimings, type AmqpConnectionOptions } from './options.ts';
import { openReceiver, type ReceiverLink, type ReceiverOptions } from './receiver-link.ts';
import { redialDelayMs } from './redial-delay.ts';
import { createSenderLink, type SenderLink, type SenderOptions } from './sender-link.ts';

/** A connection that is dialled again whenever it is lost, until it is closed. */
export interface AmqpConnection {
  connected(): boolean;
  /** Resolves once there is a connection; rejects when `signal` aborts or the connection is closed first. */
  whenConnected(signal?: AbortSignal): Promise<void>;
  /** A link that survives the connection: it attaches when there is something to send. */
  openSender(address: string, options: SenderOptions): SenderLink;
  /** A link that survives the connection: it attaches whenever there is one. */
  openReceiver(address: string, options: ReceiverOptions): ReceiverLink;
  close(): Promise<void>;
}

/** What links need of the connection they live on. */
export interface LinkHost {
  readonly options: AmqpConnectionOptions;
  /** The connection of this moment. */
  current(): Dialled | undefined;
  /** Calls `listener` with every new connection, and with the present one at once. The result unsubscribes. */
  onDialled(listener: (dialled: Dialled) => void): () => void;
  /** Calls `listener` whenever a connection was lost. The result unsubscribes. */
  onLost(listener: () => void): () => void;
}

/** Begins to connect. Failures are logged and tried again for ever: see {@link AmqpConnection.connected}. */
export function createAmqpConnection(options: AmqpConnectionOptions): AmqpConnection {
  const { clock, random, log } = options;
  const closing = new AbortController();
  const dialledListeners = new Set<(dialled: Dialled) => void>();
  const lostListeners = new Set<() => void>();
  let current: Dialled | undefined;

  const host: LinkHost = {
    options,
    current: () => current,
    onDialled(listener) {
      dialledListeners.add(listener);
      if (current) listener(current);
      return () => dialledListeners.delete(listener);
    },
    onLost(listener) {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
  };

  async function keepConnected(): Promise<void> {
    const peer = `${options.host}:${options.port}`;
    let attempt = 0;
    let lastComplaint = '';
    while (!closing.signal.aborted) {
      if (attempt > 0) {
        const delayMs = redialDelayMs(attempt, random, options.redial ?? defaultTimings.redial);
        await sleep(clock, delayMs, closing.signal);
        if (closing.signal.aborted) return;
      }
      attempt += 1;
      try {
        current = await dial(options);
      } catch (error) {
        const complaint = whatToCheck(error, peer);
        // The same trouble is told once, not with every try.
        if (complaint !== lastComplaint) log.warn({ peer }, complaint);
        lastComplaint = complaint;
        continue;
      }
      if (closing.signal.aborted) {
        current.hangUp(true);
        return;
      }
      attempt = 0;
      lastComplaint = '';
      log.info({ peer }, 'connected to the messaging network');
      options.onStateChange?.(true);
      for (const listener of dialledListeners) listener(current);
      const cause = await Promise.race([current.lost, aborted(closing.signal)]);
      current.hangUp(closing.signal.aborted);
      current = undefined;
      for (const listener of lostListeners) listener();
      options.onStateChange?.(false);
      if (!closing.signal.aborted) log.warn({ peer, cause }, 'connection to the messaging network lost');
      attempt = 1;
    }
  }

  const ended = keepConnected();

  return {
    connected: () => current !== undefined,
    whenConnected: (signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          unsubscribe();
          signal?.removeEventListener('abort', giveUp);
          closing.signal.removeEventListener('abort', giveUp);
        };
        const giveUp = (): void => {
          stop();
          reject(new TransportError('no connection to the messaging network'));
        };
        let unsubscribe = (): void => {};
        unsubscribe = host.onDialled(() => {
          // The first call may come before `onDialled` returned.
          queueMicrotask(() => {
            stop();
            resolve();
          });
        });
        if (signal?.aborted || closing.signal.aborted) giveUp();
        signal?.addEventListener('abort', giveUp, { once: true });
        closing.signal.addEventListener('abort', giveUp, { once: true });
      }),
    openSender: (address, senderOptions) => createSenderLink(host, address, senderOptions),
    openReceiver: (address, receiverOptions) => openReceiver(host, address, receiverOptions),
    async close() {
      closing.abort();
      await ended;
    },
  };
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('closed');
    else signal.addEventListener('abort', () => resolve('closed'), { once: true });
  });
}

/** One line that says what an operator can do about a failure to connect. */
function whatToCheck(error: unknown, peer: string): string {
  const { code, condition, message, description } = (error ?? {}) as Record<string, unknown>;
  const said = String(message ?? description ?? error);
  if (code === 'ECONNREFUSED') return `nothing listens at ${peer}: is the messaging network running?`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `host name of ${peer} cannot be resolved`;
  if (condition === 'amqp:unauthorized-access' || /authentication|sasl/i.test(said))
    return `the messaging network at ${peer} refused the credentials: check user name, password or client certificate (${said})`;
  if (typeof code === 'string' && /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code))
    return `TLS with ${peer} failed: check the trust store and the host name (${code})`;
  return `cannot connect to the messaging network at ${peer}: ${said}`;
}

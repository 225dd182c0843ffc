import { createFailureReport, patientClock } from '@rollcall/containment';
import { sleep, TransportError, type Clock } from '@rollcall/core';
import { checkRhea } from '@rollcall/rhea-internals';
import { describeFailure } from './describe-failure.ts';
import { dial, type Dialled } from './dial.ts';
import { isLastingFailure } from './lasting-trouble.ts';
import { defaultTimings, type AmqpConnectionOptions } from './options.ts';
import { openOwnSessionReceiver, openOwnSessionSender } from './own-session.ts';
import { openReceiver, type ReceiverLink, type ReceiverOptions } from './receiver-link.ts';
import { redialDelayMs } from './redial-delay.ts';
import type { AttachRefused } from './send-outcome.ts';
import { createSenderLink, type SenderLink, type SenderOptions } from './sender-link.ts';

/** A connection that is dialled again whenever it is lost, until it is closed. */
export interface AmqpConnection {
  connected(): boolean;
  /** Resolves once there is a connection; rejects when `signal` aborts or the connection is closed first. */
  whenConnected(signal?: AbortSignal): Promise<void>;
  /**
   * A link that survives the connection: it attaches when there is something to send. Without an address it is one to the
   * anonymous terminus, and each message says in `to` where it goes.
   */
  openSender(address: string | undefined, options: SenderOptions): SenderLink;
  /** A link that survives the connection: it attaches whenever there is one. */
  openReceiver(address: string, options: ReceiverOptions): ReceiverLink;
  close(): Promise<void>;
}

/** What links need of the connection they live on. */
export interface LinkHost {
  readonly options: AmqpConnectionOptions;
  /** Time that counts against the peer: while this process stands still, nobody is late with an answer. */
  readonly patience: Clock;
  /** The connection of this moment. */
  current(): Dialled | undefined;
  /** Whether there will never be a connection again. */
  closed(): boolean;
  /** Calls `listener` whenever there is a new connection, and at once where there is one. The result unsubscribes. */
  onDialled(listener: () => void): () => void;
  /** Calls `listener` whenever the connection was lost, and when it is closed. The result unsubscribes. */
  onLost(listener: (cause: string) => void): () => void;
  /** Calls `listener` whenever the peer ended the session, where that leaves the connection. The result unsubscribes. */
  onSessionEnded?(listener: (why: AttachRefused) => void): () => void;
}

/** A connection that lasted so long was worth making. */
const provenAfterMs = 1_000;

/** Begins to connect. Failures are logged and tried again for ever: see {@link AmqpConnection.connected}. */
export function createAmqpConnection(options: AmqpConnectionOptions): AmqpConnection {
  checkRhea();
  const { clock, random, log, redial = defaultTimings.redial } = options;
  const closing = new AbortController();
  const dialledListeners = new Set<() => void>();
  const lostListeners = new Set<(cause: string) => void>();
  const { failed } = createFailureReport(options);
  const patience = patientClock(clock);
  const peer = `${options.host}:${options.port}`;
  let current: Dialled | undefined;

  const host: LinkHost = {
    options,
    patience,
    current: () => current,
    closed: () => closing.signal.aborted,
    onDialled(listener) {
      dialledListeners.add(listener);
      if (current) listener();
      return () => dialledListeners.delete(listener);
    },
    onLost(listener) {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
  };

  /** A listener that throws must not keep the others from hearing, nor the connection from being dialled again. */
  function contain(work: () => void): void {
    try {
      work();
    } catch (error) {
      failed('messaging network', error);
    }
  }

  async function keepConnected(): Promise<void> {
    let retries = 0;
    let lastComplaint = '';
    while (!closing.signal.aborted) {
      let dialled: Dialled;
      try {
        dialled = await dial({ ...options, ...options.renewed?.() }, patience, failed, closing.signal);
      } catch (error) {
        const complaint = describeFailure(error, peer);
        // The same trouble is told once, not with every try.
        if (complaint !== lastComplaint && !closing.signal.aborted) log.warn({ peer }, complaint);
        lastComplaint = complaint;
        if (!closing.signal.aborted)
          contain(() => options.onDialFailed?.({ text: complaint, lasting: isLastingFailure(error) }));
        retries += 1;
        await sleep(clock, redialDelayMs(retries, random, redial), closing.signal);
        continue;
      }
      const since = clock.monotonic();
      await useUntilLost(dialled);
      // A peer that lets us in and throws us out at once is no reason to begin anew with the shortest wait.
      retries = clock.monotonic() - since >= provenAfterMs ? 1 : retries + 1;
      lastComplaint = '';
      await sleep(clock, redialDelayMs(retries, random, redial), closing.signal);
    }
    for (const listener of lostListeners) contain(() => listener('closed'));
  }

  async function useUntilLost(dialled: Dialled): Promise<void> {
    current = dialled;
    log.info({ peer }, 'connected to the messaging network');
    contain(() => options.onStateChange?.(true));
    for (const listener of dialledListeners) contain(listener);
    const cause = await Promise.race([
      dialled.lost,
      dialled.closed.then(() => 'closed'),
      aborted(closing.signal),
    ]);
    current = undefined;
    dialled.hangUp(closing.signal.aborted, cause);
    for (const listener of lostListeners) contain(() => listener(cause));
    contain(() => options.onStateChange?.(false));
    if (closing.signal.aborted) await dialled.closed;
    else log.warn({ peer, cause }, 'connection to the messaging network lost');
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
    openSender: (address, senderOptions) =>
      senderOptions.ownSession === true
        ? openOwnSessionSender(host, address, senderOptions)
        : createSenderLink(host, address, senderOptions),
    openReceiver: (address, receiverOptions) =>
      receiverOptions.ownSession === true
        ? openOwnSessionReceiver(host, address, receiverOptions)
        : openReceiver(host, address, receiverOptions),
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

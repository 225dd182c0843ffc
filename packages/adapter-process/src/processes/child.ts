import cluster from 'node:cluster';
import type { DirectoryContext, UndertakerContext } from '@rollcall/core/directory';
import { later, type Clock } from '@rollcall/core/environment';
import type { AdapterObserver, ListenAddress, PortToBind, ProtocolAdapter } from '@rollcall/adapter-kit';
import { createLeaseBook, plainLease } from '@rollcall/presence/leases';
import type { EarlyHealth, HealthAnswers } from '../health/early-health.ts';
import type { Channel, ToParent, ToProcess } from '../process-directory/calls.ts';
import { joinProcesses } from '../process-directory/process-directory.ts';
import { undertakeFor } from '../process-directory/process-undertaker.ts';
import { signOfLifeEveryMs, type FromParent, type FromProcess } from './between.ts';
import { seatFrom, type Seat } from './seats.ts';
import type { PortAnswer } from './shared-ports.ts';

/** Set by the parent alone. */
export const seatVariable = 'ADAPTER_PROCESS_SEAT';

/** The seat of this process; `undefined`: it is nobody's. */
export function seatHere(): Seat | undefined {
  const text = cluster.isWorker ? process.env[seatVariable] : undefined;
  return text === undefined ? undefined : seatFrom(text);
}

/** The way of this process to its parent. */
export class ToParentProcess {
  readonly #channels = new Map<string, (content: ToProcess) => void>();
  #answers: HealthAnswers | undefined;
  readonly #ports = new Map<number, (answer: PortAnswer) => void>();
  #portsAsked = 0;
  readonly #stop = Promise.withResolvers<string>();

  constructor() {
    // It stops in good order when its parent has ended: by itself, a worker exits at once then.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
    process.on('message', (message: FromParent) => void this.#received(message));
  }

  /** Resolves once the parent asks it to stop. */
  get stopAsked(): Promise<string> {
    return this.#stop.promise;
  }

  /** Nothing is left of what a former process had: this one ends by itself. */
  retired(): void {
    this.#send({ to: 'retired' });
    this.#stop.resolve('nothing is left of what a former process had');
  }

  /** The parent watches from now on that the event loop turns. */
  ready(message: Omit<Extract<FromProcess, { to: 'ready' }>, 'to'>, clock: Clock): void {
    this.#send({ to: 'ready', ...message });
    this.#showLife(clock);
  }

  /** Where this process is to listen. Rejects with a `code` where the port is taken. */
  async portFor(wanted: ListenAddress): Promise<PortToBind> {
    const number = (this.#portsAsked += 1);
    const answered = new Promise<PortAnswer>((resolve) => this.#ports.set(number, resolve));
    this.#send({ to: 'ports', number, wanted });
    const answer = await answered;
    if ('code' in answer)
      throw Object.assign(new Error('the parent cannot bind the port'), { code: answer.code });
    return answer;
  }

  /** Ways to the directory that the parent holds. */
  readonly fleet = {
    join: (context: DirectoryContext) => joinProcesses(this.#channel('directory'), context),
    createUndertaker: (context: UndertakerContext) => undertakeFor(this.#channel('undertaker'), context),
  };

  /** Answers the parent, which answers probes and Prometheus. */
  readonly health: EarlyHealth = {
    port: 0,
    close: () => Promise.resolve(),
    become: (answers) => {
      this.#answers = answers;
    },
  };

  #channel(to: 'directory' | 'undertaker'): Channel<ToParent, ToProcess> {
    return {
      send: (content) => this.#send({ to, content }),
      receive: (listener) => void this.#channels.set(to, listener),
    };
  }

  #showLife(clock: Clock): void {
    this.#send({ to: 'parent' });
    clock.at(later(clock.monotonic(), signOfLifeEveryMs), () => this.#showLife(clock));
  }

  async #received(message: FromParent): Promise<void> {
    switch (message.to) {
      case 'stop':
        // Who asked for it may lose patience, and end.
        process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
        this.#stop.resolve('the parent stops');
        return;
      case 'health': {
        const { number, what } = message;
        const checks = (await this.#answers?.readiness()) ?? [];
        const metrics = what === 'metrics' ? ((await this.#answers?.metrics())?.text ?? '') : '';
        this.#send({ to: 'health', number, content: { checks, metrics } });
        return;
      }
      case 'ports':
        this.#ports.get(message.number)?.(message.answer);
        this.#ports.delete(message.number);
        return;
      default:
        this.#channels.get(message.to)?.(message.content);
    }
  }

  #send(message: FromProcess): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  }
}

/**
 * An adapter that serves nobody: it takes up the journal that was left. It holds the leases in it until they end or move.
 *
 * @param endLeasesAtShutdown whether it ends them where it is stopped before.
 */
export function withoutListeners(adapter: ProtocolAdapter, endLeasesAtShutdown: boolean): ProtocolAdapter {
  return {
    ...adapter,
    start(host) {
      if (adapter.presence === 'lease') createLeaseBook(host, plainLease, endLeasesAtShutdown);
      return Promise.resolve({
        listening: [],
        stopAccepting: () => Promise.resolve(),
        close: () => Promise.resolve(),
      });
    },
  };
}

/** Sees whether an adapter has nothing open any more, and nothing to send. */
export function watchForIdle(): { readonly observer: Partial<AdapterObserver>; isIdle(): boolean } {
  const questions: (() => boolean)[] = [];
  return {
    observer: {
      watch(part, state) {
        if (part === 'presence' && 'byTenant' in state)
          questions.push(() => [...state.byTenant().values()].every((count) => count === 0));
        if (part === 'outbox' && 'depth' in state)
          questions.push(() => state.depth().every(({ events }) => events === 0));
      },
    },
    isIdle: () => questions.length > 1 && questions.every((isIdle) => isIdle()),
  };
}

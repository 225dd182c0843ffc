import cluster from 'node:cluster';
import type { DirectoryContext, UndertakerContext } from '@rollcall/core/directory';
import type { ProtocolAdapter, AdapterObserver } from '@rollcall/adapter-kit';
import type { EarlyHealth, HealthAnswers } from '../health/early-health.ts';
import type { Channel, ToParent, ToProcess } from '../process-directory/calls.ts';
import { joinProcesses } from '../process-directory/process-directory.ts';
import { undertakeFor } from '../process-directory/process-undertaker.ts';
import type { FromParent, FromProcess } from './between.ts';
import { seatFrom, type Seat } from './seats.ts';

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

  /** It is to end by itself. */
  stop(cause: string): void {
    this.#stop.resolve(cause);
  }

  ready(message: Omit<Extract<FromProcess, { to: 'ready' }>, 'to'>): void {
    this.#send({ to: 'ready', ...message });
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
      default:
        this.#channels.get(message.to)?.(message.content);
    }
  }

  #send(message: FromProcess): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  }
}

/** An adapter that serves nobody: it takes up the journal that was left. */
export function withoutListeners(adapter: ProtocolAdapter): ProtocolAdapter {
  return {
    ...adapter,
    start: () =>
      Promise.resolve({
        listening: [],
        stopAccepting: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
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

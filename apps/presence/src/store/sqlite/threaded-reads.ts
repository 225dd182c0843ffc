import { Worker } from 'node:worker_threads';
import type { FlapRow } from '../fold/summary.ts';
import type { Timeline, TimelineQuery } from '../presence-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { LongAnswer, LongQuestion } from './long-reads-thread.ts';
import type { FlapsQuery } from './flaps.ts';

const isSource = import.meta.url.endsWith('.ts');
/** It is beside this file, both in the sources and in the build. */
const threadFile = new URL(`./long-reads-thread${isSource ? '.ts' : '.js'}`, import.meta.url);
/** Tests run the sources. Node.js 22 prints a warning about `node:sqlite` at each start. */
const execArgv = [
  '--disable-warning=ExperimentalWarning',
  ...(isSource ? ['--conditions=@rollcall/source'] : []),
];

/**
 * Runs queries that take long (flapping devices, timelines) in a thread with a read-only connection, so that other queries do not wait.
 * The thread starts with the first query. If it fails, the next query starts another one.
 */
export class ThreadedReads {
  readonly #file: string;
  #thread: Worker | undefined;
  /** Resolves the queries that wait for the thread, in their order. */
  #waiting: ((answer: LongAnswer) => void)[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws StoreUnavailable if the thread or its connection fails. */
  async flaps(query: FlapsQuery): Promise<readonly FlapRow[]> {
    return (await this.#ask({ about: 'flaps', query })) as readonly FlapRow[];
  }

  /** @throws StoreUnavailable as `flaps` does. */
  async timeline(tenant: string, query: TimelineQuery): Promise<Timeline> {
    return (await this.#ask({ about: 'timeline', tenant, query })) as Timeline;
  }

  async #ask(question: LongQuestion): Promise<readonly FlapRow[] | Timeline> {
    const thread = (this.#thread ??= this.#start());
    const answer = await new Promise<LongAnswer>((resolve) => {
      this.#waiting.push(resolve);
      thread.ref();
      thread.postMessage(question);
    });
    // An idle thread must not keep the process running.
    if (this.#waiting.length === 0) thread.unref();
    if ('problem' in answer) throw new StoreUnavailable(answer.problem);
    return answer.found;
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#ended(thread, 'the database is closed');
    await thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(threadFile, { workerData: this.#file, execArgv });
    thread.on('message', (answer: LongAnswer) => this.#waiting.shift()?.(answer));
    thread.on('error', (error) => this.#ended(thread, error.message));
    thread.on('exit', (code) => this.#ended(thread, `its thread ended with status ${code}`));
    return thread;
  }

  #ended(thread: Worker | undefined, problem: string): void {
    if (thread === undefined || this.#thread !== thread) return;
    this.#thread = undefined;
    for (const answer of this.#waiting.splice(0)) answer({ problem });
  }
}

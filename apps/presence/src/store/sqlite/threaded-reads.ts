import { Worker } from 'node:worker_threads';
import type { FlapRow } from '../fold/summary.ts';
import type { Timeline, TimelineQuery } from '../presence-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { LongAnswer, LongQuestion } from './long-reads-thread.ts';
import type { FlapsQuery } from './flaps.ts';

const isSource = import.meta.url.endsWith('.ts');
/** Beside this file, as source and as built. */
const threadFile = new URL(`./long-reads-thread${isSource ? '.ts' : '.js'}`, import.meta.url);
/** Sources run unbuilt in tests. Node.js 22 warns of `node:sqlite` with each start. */
const execArgv = [
  '--disable-warning=ExperimentalWarning',
  ...(isSource ? ['--conditions=@rollcall/source'] : []),
];

/**
 * Answers questions that take long (devices that flap, counts over time) in a thread of its own, over a connection that only reads: no
 * other question waits for them. The thread begins with the first question. One that dies is replaced.
 */
export class ThreadedReads {
  readonly #file: string;
  #thread: Worker | undefined;
  /** Those who wait for an answer of the thread, in the order in which they asked. */
  #waiting: ((answer: LongAnswer) => void)[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws StoreUnavailable where the thread, or its connection, fails. */
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
    // A thread that no question waits in keeps no process running.
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

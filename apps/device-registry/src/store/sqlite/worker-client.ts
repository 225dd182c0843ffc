import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../store-unavailable.ts';

/** The answer of a thread, as plain data. `isPassing`: the same question may succeed later. */
export type ThreadAnswer<Answer> =
  | { readonly answer: Answer }
  | { readonly problem: string; readonly isPassing: boolean };

interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const isSource = import.meta.url.endsWith('.ts');
/** Tests run the sources. Node.js 22 prints a warning about `node:sqlite` at each start. */
const execArgv = [
  '--disable-warning=ExperimentalWarning',
  ...(isSource ? ['--conditions=@rollcall/source'] : []),
];

export interface WorkerClientOptions {
  /** The name of the thread's file beside this one, without its extension. */
  readonly name: string;
  readonly workerData: unknown;
  /** How many questions may wait for their answers. */
  readonly maxWaiting: number;
}

/** Sends questions to a worker thread, which answers them in order. The thread starts with the first question, and is replaced if it fails. */
export class WorkerClient<Question, Answer> {
  readonly #options: WorkerClientOptions;
  #thread: Worker | undefined;
  #isClosed = false;
  /** The questions that wait for an answer, in their order. */
  #waiting: Waiting<Answer>[] = [];
  #noneWaits: (() => void) | undefined;

  constructor(options: WorkerClientOptions) {
    this.#options = options;
  }

  /** @throws StoreUnavailable if the thread fails, or too many questions wait. */
  ask(question: Question): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('the database is closed'));
    if (this.#waiting.length >= this.#options.maxWaiting)
      return Promise.reject(new StoreUnavailable('too many wait for the database'));
    const thread = (this.#thread ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      thread.ref();
      thread.postMessage(question);
    });
  }

  /** Earlier questions are still answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => (this.#noneWaits = resolve));
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #start(): Worker {
    const { name, workerData } = this.#options;
    const file = new URL(`./${name}${isSource ? '.ts' : '.js'}`, import.meta.url);
    const thread = new Worker(file, { workerData, execArgv });
    thread.on('message', (answers: readonly ThreadAnswer<Answer>[]) => this.#answered(answers));
    thread.on('error', (error) => this.#ended(thread, error.message));
    thread.on('exit', (code) => this.#ended(thread, `its thread ended with status ${code}`));
    return thread;
  }

  #answered(answers: readonly ThreadAnswer<Answer>[]): void {
    for (const each of answers) {
      const waiting = this.#waiting.shift();
      if ('answer' in each) waiting?.resolve(each.answer);
      else waiting?.reject(each.isPassing ? new StoreUnavailable(each.problem) : new Error(each.problem));
    }
    if (this.#waiting.length > 0) return;
    // An idle thread must not keep the process running.
    this.#thread?.unref();
    this.#noneWaits?.();
  }

  #ended(thread: Worker, problem: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    for (const each of this.#waiting.splice(0)) each.reject(new StoreUnavailable(problem));
    this.#noneWaits?.();
  }
}

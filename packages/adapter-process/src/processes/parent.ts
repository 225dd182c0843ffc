import cluster, { type Worker } from 'node:cluster';
import { ConfigError, TransportError } from '@rollcall/core';
import { later, within, type Clock, type Log } from '@rollcall/core/environment';
import type { ListenAddress } from '@rollcall/adapter-kit';
import type { ToParent } from '../process-directory/calls.ts';
import { ProcessFleet } from '../process-directory/process-fleet.ts';
import { signOfLifeEveryMs, type FromParent, type FromProcess, type HealthContent } from './between.ts';
import { seatVariable } from './child.ts';
import type { ProcessAnswer } from './merge-answers.ts';
import { seatText, type Seat } from './seats.ts';
import { SharedPorts } from './shared-ports.ts';
import { StandstillWatch } from './standstill-watch.ts';
import { whatNext } from './what-next.ts';

const answerWithinMs = 1_000;
/** What a process gets beyond its grace before it is killed. */
const beyondGraceMs = 10_000;

interface ParentOptions {
  readonly seats: readonly Seat[];
  /** Whether they are a fleet of this parent's; else they have an engine, or are none. */
  readonly holdsDirectory: boolean;
  /** Whether each process binds the port; else the parent does, and hands connections on in turn. */
  readonly reusesPort: boolean;
  readonly graceMs: number;
  /** A process that gives no sign of life for so long is killed. */
  readonly deadAfterMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing is left of any process that had to retire. */
  retired(): void;
  /** Starts a process; default: `cluster.fork`. */
  readonly fork?: (env: Readonly<Record<string, string>>) => Worker;
}

/** One of the processes, and what becomes of it. */
interface Process {
  readonly seat: Seat;
  worker: Worker | undefined;
  state: 'starting' | 'ready' | 'restarting' | 'ended';
  wasReady: boolean;
  /** Whether it sent anything yet. Before that it hears nothing: what is sent to it may be lost. */
  hears: boolean;
  hasRetired: boolean;
  /** It is to look whether files have changed, once it hears: it may have read some of them already. */
  isToLook: boolean;
  beganAt: number;
  restarts: number;
  readonly ready: PromiseWithResolvers<readonly ListenAddress[]>;
  readonly ended: PromiseWithResolvers<void>;
  readonly answers: Map<number, (content: HealthContent) => void>;
  disarm(): void;
}

/** How a process ended, or that it could not be made: then there is an `error`. */
interface End {
  readonly status: number | null;
  readonly signal: string | null;
  readonly error?: unknown;
}

/** Runs the processes of an adapter: starts those again that end, and hands connections round. */
export class Parent {
  readonly #options: ParentOptions;
  readonly #fleet: ProcessFleet | undefined;
  readonly #processes: readonly Process[];
  readonly #ports: SharedPorts | undefined;
  readonly #watch: StandstillWatch<Process>;
  #isStopping = false;
  #hasLost = false;
  #questions = 0;

  constructor(options: ParentOptions) {
    this.#options = options;
    if (options.holdsDirectory) this.#fleet = new ProcessFleet(options.clock);
    this.#processes = options.seats.map((seat) => ({
      seat,
      worker: undefined,
      state: 'starting',
      wasReady: false,
      hears: false,
      hasRetired: false,
      isToLook: false,
      beganAt: 0,
      restarts: 0,
      ready: Promise.withResolvers(),
      ended: Promise.withResolvers(),
      answers: new Map(),
      disarm() {},
    }));
    if (options.reusesPort)
      this.#ports = new SharedPorts((code) =>
        options.log.info({ code }, 'the system does not spread connections: the parent accepts them'),
      );
    this.#watch = new StandstillWatch({
      clock: options.clock,
      lookEveryMs: signOfLifeEveryMs,
      standsAfterMs: options.deadAfterMs,
      stands: (each) => this.#standsStill(each),
    });
    // Where the parent accepts, it hands on in turn: one that stands still is given nothing more.
    cluster.schedulingPolicy = cluster.SCHED_RR;
  }

  /** Whether a process ended with events that no sink will get. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Resolves once all are ready, with what they listen on. */
  async start(): Promise<readonly ListenAddress[]> {
    const ready = this.#processes.map((each) => each.ready.promise);
    for (const each of this.#processes) this.#fork(each);
    const listening = await Promise.all(ready);
    return listening[0] ?? [];
  }

  /** They look whether files have changed. One that is still being loaded does not listen: the signal would end it. */
  passOnHangup(): void {
    for (const each of this.#processes)
      if (each.hears) each.worker?.process.kill('SIGHUP');
      else each.isToLook = true;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watch.stop();
    const { clock, graceMs } = this.#options;
    for (const each of this.#processes) {
      each.disarm();
      if (!each.worker) each.ended.resolve();
      else if (each.hears) send(each.worker, { to: 'stop' });
      // It is still being loaded, and has nothing to tidy up: a signal without a listener ends it.
      else each.worker.process.kill('SIGTERM');
    }
    const allEnded = Promise.all(this.#processes.map(({ ended }) => ended.promise)).then(() => true);
    if (!(await within(allEnded, graceMs + beyondGraceMs, clock)))
      for (const { worker } of this.#processes) worker?.process.kill('SIGKILL');
    await allEnded;
    this.#fleet?.stop();
  }

  /** What each of them says. */
  async ask(
    what: 'readiness' | 'metrics',
  ): Promise<readonly (ProcessAnswer & { readonly metrics: string })[]> {
    const running = this.#processes.filter(({ state }) => state !== 'ended');
    return Promise.all(running.map((each) => this.#ask(each, what)));
  }

  async #ask(
    each: Process,
    what: 'readiness' | 'metrics',
  ): Promise<ProcessAnswer & { readonly metrics: string }> {
    const { seat, worker, state, answers } = each;
    const process = nameOf(seat);
    const nothing = { process, checks: [], metrics: '' };
    if (state !== 'ready' || !worker) return { ...nothing, state: each.wasReady ? 'restarting' : 'starting' };
    const number = (this.#questions += 1);
    const answered = new Promise<HealthContent>((resolve) => answers.set(number, resolve));
    send(worker, { to: 'health', number, what });
    const content = await within(answered, answerWithinMs, this.#options.clock);
    answers.delete(number);
    return content ? { process, state: 'answered', ...content } : { ...nothing, state: 'silent' };
  }

  #fork(each: Process): void {
    const { clock, log, fork = (env) => cluster.fork(env) } = this.#options;
    each.beganAt = clock.monotonic();
    let worker: Worker;
    try {
      worker = fork({ [seatVariable]: seatText(each.seat) });
    } catch (error) {
      this.#ended(each, { status: null, signal: null, error });
      return;
    }
    each.worker = worker;
    each.hears = false;
    each.hasRetired = false;
    each.isToLook = false;
    each.state = each.wasReady ? 'restarting' : 'starting';
    const connected = this.#connect(worker);
    let hasEnded = false;
    const ended = (how: End): void => {
      if (hasEnded) return;
      hasEnded = true;
      connected.end();
      this.#ports?.left(worker);
      this.#watch.forget(each);
      this.#ended(each, how);
    };
    worker.on('message', (message: FromProcess) => {
      each.hears = true;
      if (each.isToLook) worker.process.kill('SIGHUP');
      each.isToLook = false;
      this.#watch.heard(each);
      this.#received(each, worker, message, connected.receive);
    });
    worker.on('error', (error) => {
      log.debug({ err: error, process: nameOf(each.seat) }, 'channel of a process');
      if (worker.process.pid !== undefined) return;
      // The system has no room for a process, or no descriptors: it never began, and nothing tells of its end.
      delete cluster.workers?.[worker.id];
      ended({ status: null, signal: null, error });
    });
    worker.on('exit', (status: number | null, signal: string | null) => ended({ status, signal }));
  }

  #connect(worker: Worker) {
    const listeners = new Map<string, (content: ToParent) => void>();
    const ends = (['directory', 'undertaker'] as const).map((to) =>
      this.#fleet?.connect({
        send: (content) => send(worker, { to, content }),
        receive: (listener) => void listeners.set(to, listener),
      }),
    );
    return {
      receive: (to: string, content: ToParent) => listeners.get(to)?.(content),
      end(): void {
        for (const end of ends) end?.();
      },
    };
  }

  #received(
    each: Process,
    worker: Worker,
    message: FromProcess,
    toFleet: (to: string, content: ToParent) => void,
  ): void {
    switch (message.to) {
      case 'ready':
        each.state = 'ready';
        each.wasReady = true;
        each.ready.resolve(message.listening);
        this.#watch.add(each);
        return;
      case 'retired':
        each.hasRetired = true;
        return;
      case 'ports':
        void this.#answerPort(worker, message);
        return;
      case 'parent':
        return;
      case 'health':
        each.answers.get(message.number)?.(message.content);
        return;
      default:
        toFleet(message.to, message.content);
    }
  }

  async #answerPort(
    worker: Worker,
    { number, wanted }: Extract<FromProcess, { to: 'ports' }>,
  ): Promise<void> {
    const asItIs = { port: wanted.port, reusePort: false };
    send(worker, { to: 'ports', number, answer: (await this.#ports?.portFor(wanted, worker)) ?? asItIs });
  }

  /** The kernel, and what waits at its sockets, would go on counting on it. */
  #standsStill({ seat, worker }: Process): void {
    const { log, deadAfterMs } = this.#options;
    log.error({ process: nameOf(seat), deadAfterMs }, 'a process of the adapter stands still, and is killed');
    worker?.process.kill('SIGKILL');
  }

  #ended(each: Process, how: End): void {
    const { clock, log } = this.#options;
    const { status, signal, error } = how;
    const process = nameOf(each.seat);
    if (status === 3) this.#hasLost = true;
    each.worker = undefined;
    const { kind } = each.seat;
    const ranMs = clock.monotonic() - each.beganAt;
    const { hasRetired, wasReady, restarts } = each;
    const next = whatNext({ hasRetired, asked: this.#isStopping, wasReady, status, ranMs, restarts });
    if (next === 'done' || next === 'fail') {
      each.state = 'ended';
      each.ended.resolve();
      if (next === 'fail') each.ready.reject(notStarted(process, how));
      else if (kind === 'retiring') this.#oneRetired(process);
      return;
    }
    each.state = 'restarting';
    each.restarts = next.restarts;
    const { restartInMs } = next;
    log.warn(
      { process, status, signal, restartInMs, ...(error !== undefined && { err: error }) },
      'a process of the adapter ended, and is started again',
    );
    each.disarm = clock.at(later(clock.monotonic(), restartInMs), () => this.#fork(each));
  }

  #oneRetired(process: string): void {
    const { log } = this.#options;
    if (this.#isStopping) return;
    log.info({ process }, 'what a former process left is told');
    const retiring = this.#processes.filter(({ seat }) => seat.kind === 'retiring');
    if (retiring.every(({ state }) => state === 'ended')) this.#options.retired();
  }
}

function nameOf({ number }: Seat): string {
  return number === undefined ? 'single' : String(number);
}

function send(worker: Worker, message: FromParent): void {
  if (worker.isConnected()) worker.process.send(message, undefined, undefined, () => {});
}

function notStarted(process: string, { status, signal, error }: End): Error {
  const why =
    error instanceof Error
      ? `(${error.message})`
      : `(${signal ?? `exit status ${status}`}): its own lines say why`;
  const text = `process ${process} of the adapter could not start ${why}`;
  if (status === 2) return new ConfigError([{ code: 'CONFIGURATION_INVALID', text }]);
  return new TransportError(text, { startCode: 'START_FAILED' });
}

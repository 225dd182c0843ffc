import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { debianPython } from './support.ts';

interface ProtonMessage {
  readonly durable: boolean;
  readonly ttl: number;
  readonly id: string;
  readonly address: string;
  readonly subject: string | null;
  readonly contentType: string;
  readonly creationTime: number;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly propertyKinds: Readonly<Record<string, string>>;
  readonly isData: boolean;
  readonly body: string;
}

/** Where to consume, and what to make of the first messages. */
export interface ProtonConsumerOptions {
  readonly url: string;
  readonly address: string;
  readonly user?: string;
  readonly password?: string;
  readonly durable?: number;
  readonly capabilities?: readonly string[];
  readonly verdicts?: readonly ('accept' | 'release' | 'modify' | 'reject')[];
}

/** A consumer that is not ours, in a process of its own. It comes back by itself when its network does. */
export interface ProtonConsumer {
  readonly messages: readonly ProtonMessage[];
  /** Calls `listener` with every message, also with those before. */
  onMessage(listener: (message: ProtonMessage) => void): void;
  /** Resolves once there are `count` messages. */
  until(count: number): Promise<readonly ProtonMessage[]>;
  close(): Promise<void>;
}

const script = fileURLToPath(new URL('consume.py', import.meta.url));
const patienceMs = 20_000;

/** Resolves once it is attached. */
export async function startProtonConsumer(options: ProtonConsumerOptions): Promise<ProtonConsumer> {
  const child = spawn(debianPython, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const messages: ProtonMessage[] = [];
  const listeners = new Set<(message: ProtonMessage) => void>();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)));
  const attached = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    const parsed = JSON.parse(line) as ProtonMessage | 'attached' | { readonly refused: string };
    if (parsed === 'attached') return attached.resolve();
    if ('refused' in parsed) return attached.reject(new Error(`${options.address}: ${parsed.refused}`));
    messages.push(parsed);
    for (const listener of listeners) listener(parsed);
    return undefined;
  });
  child.once('exit', () => attached.reject(new Error(`the consumer ended: ${said}`)));
  const tooLate = setTimeout(() => attached.reject(new Error(`not attached in time: ${said}`)), patienceMs);
  try {
    await attached.promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(tooLate);
  }

  return {
    messages,
    onMessage(listener) {
      for (const message of messages) listener(message);
      listeners.add(listener);
    },
    until: (count) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          clearTimeout(timer);
          listeners.delete(look);
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error(`${messages.length} messages instead of ${count}: ${said}`));
        }, patienceMs);
        const look = (): void => {
          if (messages.length < count) return;
          stop();
          resolve(messages);
        };
        listeners.add(look);
        look();
      }),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // Where its network is away, it cannot take its leave.
      const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
      child.kill('SIGTERM');
      await once(child, 'exit');
      clearTimeout(kill);
    },
  };
}

import { EventEmitter } from 'node:events';

export interface FakeProcess {
  readonly ours: NodeJS.Process;
  /** Signals that the process sent to itself. */
  readonly killed: readonly string[];
}

/** A process that hears what a test emits, and survives its own signals. */
export function fakeProcess(
  facts: { readonly hasChannel?: boolean; readonly connected?: boolean } = {},
): FakeProcess {
  const killed: string[] = [];
  const ours = Object.assign(new EventEmitter(), {
    pid: 4_711,
    connected: facts.connected,
    channel: facts.hasChannel === true ? { unref: () => {} } : undefined,
    kill: (_pid: number, signal: string) => killed.push(signal) > 0,
  });
  return { ours: ours as unknown as NodeJS.Process, killed };
}

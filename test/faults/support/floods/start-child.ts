import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FloodOrder, FloodReport } from './flood-order.ts';

const endWithParent = new URL('../../../e2e/support/end-with-parent.mjs', import.meta.url).href;

/** Runs a program in a process of its own, and waits until it says that it works. */
async function startChild(program: URL, args: readonly string[]): Promise<ChildProcess> {
  const child = fork(fileURLToPath(program), args, { execArgv: ['--import', endWithParent] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program.pathname} ended with ${String(code)}`);
  });
  ended.catch(() => {});
  await Promise.race([once(child, 'message'), ended]);
  return child;
}

export interface Flooder {
  /** Ends it, and resolves with what came of it. */
  stop(): Promise<FloodReport>;
}

/** A flood in a process of its own: it takes no turn of the event loop in which its effect is measured. */
export async function startFlooder(order: FloodOrder): Promise<Flooder> {
  const child = await startChild(new URL('./flooder.ts', import.meta.url), [JSON.stringify(order)]);
  return {
    async stop() {
      const reported = once(child, 'message');
      child.send('stop');
      const [report] = await reported;
      await once(child, 'exit');
      return report as FloodReport;
    },
  };
}

/** Takes all telemetry of a tenant off a network, so that there is credit for it, until the process is killed. */
export function startDrain(tenant: string, networkUrl: string): Promise<ChildProcess> {
  return startChild(new URL('./drain-telemetry.ts', import.meta.url), [tenant, new URL(networkUrl).port]);
}

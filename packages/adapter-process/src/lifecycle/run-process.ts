import { ConfigError, TransportError } from '@rollcall/core';
import { systemClock, sleep, type Log } from '@rollcall/core/environment';
import { giveBackMemory } from '@rollcall/runtime';
import { tellFatal, type FatalLine } from './tell-fatal.ts';

/** What the process ends with. `docs/operations.md` has them. */
export const exitStatus = {
  stopped: 0,
  /** Something it needs cannot be had, as a port; or a mistake of ours. */
  failed: 1,
  /** The configuration must be mended first. */
  badConfiguration: 2,
  /** It stopped, and events were lost: they were not confirmed, and no journal has them. */
  eventsLost: 3,
} as const;

/** How long the write that is under way has to finish: at exit, only what waits behind it is written. */
const lastLinesMs = 100;

/** Runs the main function of an adapter process to its end, which is that of the process. What ends it before its time is in the log. */
export async function runProcess(main: () => Promise<number>, log: () => Log): Promise<void> {
  const stopGivingBack = giveBackMemory(systemClock);
  const status = await main().catch((error: unknown) => {
    const end = endBecauseOf(error);
    tellFatal(end.lines, { exitStatus: end.status, ...end.facts }, log(), process);
    return end.status;
  });
  stopGivingBack();
  await sleep(systemClock, lastLinesMs);
  // Whatever a library left open must not keep a stopped adapter alive.
  process.exit(status);
}

interface End {
  readonly status: number;
  readonly lines: readonly FatalLine[];
  readonly facts?: object;
}

/** How a process ends that cannot go on. The kind of the error decides the codes of its last lines. */
export function endBecauseOf(error: unknown): End {
  if (error instanceof ConfigError)
    return {
      status: exitStatus.badConfiguration,
      lines: error.coded.map(({ code, text }) => ({ code, text: `configuration: ${text}` })),
    };
  if (error instanceof TransportError)
    return { status: exitStatus.failed, lines: [{ code: error.startCode, text: error.message }] };
  const text = error instanceof Error ? error.message : String(error);
  return {
    status: exitStatus.failed,
    lines: [{ code: 'OWN_MISTAKE', text: `a mistake of ours, the process ends: ${text}` }],
    facts: { err: error },
  };
}

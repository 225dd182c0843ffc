import { systemClock as clock, type Log } from '@rollcall/core/environment';
import type { Options } from '@rollcall/options';
import type { LoadedConfig } from '../config/load-config.ts';
import { startEarlyHealth } from '../health/early-health.ts';
import { exitStatus } from './run-process.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { noteProcesses } from '../processes/earlier.ts';
import { mergeChecks, mergeMetrics } from '../processes/merge-answers.ts';
import { Parent } from '../processes/parent.ts';
import type { Seat } from '../processes/seats.ts';

/** What runs an adapter as several processes. */
export interface ProcessesPlan {
  readonly adapterId: string;
  readonly seats: readonly Seat[];
}

/** Until it was asked to stop, and all its processes have. Resolves with the exit status. */
export async function runProcesses(
  { kit, directory }: Pick<LoadedConfig<Options>, 'kit' | 'directory'>,
  { adapterId, seats }: ProcessesPlan,
  log: Log,
): Promise<number> {
  const journals = kit.journalKind === 'memory' ? undefined : kit.journalDirectory;
  const serving = seats.filter(({ kind }) => kind === 'serving').length;
  const numbered = seats.filter(({ number }) => number !== undefined).length;
  noteProcesses(journals, adapterId, numbered);
  const parent = new Parent({
    seats,
    holdsDirectory: directory === undefined,
    reusesPort: kit.reusePort,
    graceMs: kit.shutdownGraceMs,
    deadAfterMs: kit.deadAfterMs,
    clock,
    log,
    retired: () => noteProcesses(journals, adapterId, serving === 1 ? 0 : serving),
  });
  await runUntilStopped({
    log,
    looksAt: 'the registry, certificates and secrets, in each process',
    async begin(begun, mayLook) {
      const health = begun.adopt(
        await startEarlyHealth({ host: kit.healthBindAddress, port: kit.healthPort, log }),
        (each) => each.close(),
      );
      begun.defer(() => parent.stop());
      mayLook(() => parent.passOnHangup());
      let isReady = false;
      health.become({
        failed: (where, error) => log.error({ where, err: error }, 'serving one peer failed'),
        turnedAway: () => {},
        started: () => [
          isReady
            ? { name: 'protocol-adapter', status: 'UP' }
            : { name: 'protocol-adapter', status: 'DOWN', code: 'ADAPTER_NOT_RUNNING', reason: 'it starts' },
        ],
        readiness: async () => mergeChecks(await parent.ask('readiness')),
        liveness: async () => {
          const answers = await parent.ask('readiness');
          const silent = answers.filter(({ state }) => state === 'silent');
          const name = 'event-loop-blocked-check';
          if (silent.length === 0) return [{ name, status: 'UP' }];
          const reason = `process ${silent.map(({ process }) => process).join(', ')}: it does not answer`;
          return [{ name, status: 'DOWN', code: 'PROCESS_SILENT', reason }];
        },
        metrics: async () => ({
          contentType: 'text/plain; version=0.0.4; charset=utf-8',
          text: mergeMetrics(
            (await parent.ask('metrics')).map(({ process, metrics }) => ({ process, text: metrics })),
          ),
        }),
      });
      const listening = await parent.start();
      isReady = true;
      return { listening, healthPort: health.port };
    },
    ready: (facts) => log.info({ ...facts, processes: serving, adapterId }, 'ready'),
  });
  return parent.hasLost ? exitStatus.eventsLost : exitStatus.stopped;
}

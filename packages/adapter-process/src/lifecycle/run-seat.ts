import { later, systemClock as clock, systemRandom as random, type Log } from '@rollcall/core/environment';
import type { Options } from '@rollcall/options';
import type { LoadedConfig } from '../config/load-config.ts';
import { defaultAdapterId } from './default-adapter-id.ts';
import type { Composition } from './run-adapter-process.ts';
import { exitStatus } from './run-process.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { startConfigured } from './start-configured.ts';
import { tellOfDrain } from './tell-of-drain.ts';
import { ToParentProcess, watchForIdle, withoutListeners } from '../processes/child.ts';
import { idOfSeat, type Seat } from '../processes/seats.ts';

const lookForIdleEveryMs = 1_000;

/** One of the processes of an adapter, until its parent asks it to stop. Resolves with the exit status. */
export async function runSeat(
  config: LoadedConfig<Options>,
  composition: Composition,
  seat: Seat,
  log: Log,
): Promise<number> {
  const { kit } = config;
  const parent = new ToParentProcess();
  const adapterId = idOfSeat(kit.adapterId ?? defaultAdapterId(composition.adapter), seat);
  const idle = watchForIdle();
  const seated: Composition =
    seat.kind === 'serving'
      ? composition
      : {
          ...composition,
          adapter: withoutListeners(composition.adapter, endLeasesAtShutdown(config)),
          observers: [...(composition.observers ?? []), idle.observer],
        };
  const running = await runUntilStopped({
    log,
    looksAt: 'the registry, certificates and secrets',
    stopAsked: parent.stopAsked,
    begin: (begun, mayLook) =>
      startConfigured(config, seated, { clock, random, log }, begun, mayLook, {
        adapterId,
        health: parent.health,
        fleet: parent.fleet,
        portFor: (wanted) => parent.portFor(wanted),
      }),
    ready({ listening, identity }) {
      tellOfDrain(composition, kit, log);
      log.info({ listening, ...identity }, 'process is ready');
      parent.ready({ listening }, clock);
      if (seat.kind === 'retiring') endOnceIdle(idle.isIdle, parent);
    },
  });
  return running.lost.length > 0 ? exitStatus.eventsLost : exitStatus.stopped;
}

/** What an adapter whose devices hold leases is configured to do with them, see `leaseOptions`. */
function endLeasesAtShutdown({ own }: LoadedConfig<Options>): boolean {
  return 'leaseEndAtShutdown' in own && own['leaseEndAtShutdown'] === true;
}

function endOnceIdle(isIdle: () => boolean, parent: ToParentProcess): void {
  clock.at(later(clock.monotonic(), lookForIdleEveryMs), () => {
    if (isIdle()) parent.retired();
    else endOnceIdle(isIdle, parent);
  });
}

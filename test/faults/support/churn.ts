import { setTimeout as pause } from 'node:timers/promises';
import type { seededRandom } from '@rollcall/conformance';
import { tenants } from './stage.ts';
import type { Attempt, Fleet } from './fleet.ts';

export interface ChurnOptions {
  readonly fleet: Fleet;
  readonly random: ReturnType<typeof seededRandom>;
  readonly devices: number;
  /** What devices do, a second: about half of it is to connect. */
  readonly actionsPerSecond: number;
}

export interface Churn {
  /** Resolves once every attempt that was begun has its outcome; rejects where one never gets it. */
  stop(): Promise<void>;
}

const tickMs = 20;
/** The device that presents a wrong password each time. Others share its address, so it tries now and then only. */
const impostor = 0;
const impostorEvery = 200;

/** Devices that come and go: by goodbye, by a cut, with a wrong password. */
export function beginChurn({ fleet, random, devices, actionsPerSecond }: ChurnOptions): Churn {
  const connecting: Promise<Attempt | undefined>[] = [];
  let stopped = false;
  let actions = 0;

  function act(): void {
    const open = fleet.open();
    const victim = open[random.pick(open.length)];
    actions += 1;
    if (actions % impostorEvery === 0) connecting.push(fleet.connect(impostor, { password: 'guess' }));
    else if (!victim || random.next() < 0.55)
      connecting.push(
        fleet.connect(1 + random.pick(devices - 1), {
          tenant: tenants[random.pick(tenants.length)] ?? 'acme',
        }),
      );
    else if (random.next() < 0.5) fleet.leave(victim);
    else fleet.cut(victim);
  }

  const going = (async () => {
    let owed = 0;
    for (;;) {
      if (stopped) return;
      for (owed += (actionsPerSecond * tickMs) / 1_000; owed >= 1; owed -= 1) act();
      await pause(tickMs);
    }
  })();

  return {
    async stop() {
      stopped = true;
      await going;
      await Promise.all(connecting);
    },
  };
}

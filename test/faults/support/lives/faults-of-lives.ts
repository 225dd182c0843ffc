import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { seededRandom } from '@rollcall/conformance';
import type { SpeakingProtocol } from '../speaking-device.ts';
import type { Restartable } from '../restartable.ts';
import type { Stage } from '../stage.ts';

/** Something that truly happened; `to` when it was over, and the process served again. */
export interface Fault {
  readonly kind: 'freeze' | 'kill' | 'stop';
  /** The adapter began again, without what it knew. */
  readonly journalLost?: boolean;
  readonly of: SpeakingProtocol | 'network';
  readonly from: number;
  /** `Infinity` while it goes on. */
  to: number;
}

export interface FaultOptions {
  readonly stages: ReadonlyMap<SpeakingProtocol, Stage>;
  readonly network: Restartable;
  readonly random: ReturnType<typeof seededRandom>;
  readonly freezeMs: { readonly least: number; readonly most: number };
  readonly pauseMs: number;
  readonly faults: Fault[];
  over(): boolean;
}

/** A lease whose journal is lost goes on as another one, while its device goes on as well. */
const sessionsOnly: ReadonlySet<string> = new Set(['mqtt', 'amqp', 'template']);

/** One fault after the other until it is over. */
export async function causeFaults(options: FaultOptions): Promise<void> {
  const { stages, random, over } = options;
  const protocols = [...stages.keys()];
  while (!over()) {
    await pause(options.pauseMs);
    if (over()) return;
    const of = random.pick(4) === 0 ? 'network' : (protocols[random.pick(protocols.length)] ?? 'network');
    const process = of === 'network' ? options.network : stages.get(of)?.adapter;
    const kind = (['freeze', 'freeze', 'kill', 'stop'] as const)[random.pick(4)] ?? 'freeze';
    if (!process) continue;
    const journalLost = kind === 'kill' && sessionsOnly.has(of) && random.pick(3) === 0;
    const fault: Fault = { kind, of, journalLost, from: Date.now(), to: Number.POSITIVE_INFINITY };
    options.faults.push(fault);
    if (kind === 'freeze') {
      process.freeze();
      await pause(options.freezeMs.least + random.pick(options.freezeMs.most - options.freezeMs.least));
      process.thaw();
    } else {
      // A network that flaps is there and away a few times.
      for (let flaps = of === 'network' ? random.pick(4) : 0; flaps > 0; flaps--) {
        await process.end('SIGKILL');
        await process.start();
      }
      await process.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
      const journal = of === 'network' ? undefined : stages.get(of)?.journal;
      if (journalLost && journal !== undefined) rmSync(dirname(journal), { recursive: true });
      await process.start();
    }
    fault.to = Date.now();
  }
}

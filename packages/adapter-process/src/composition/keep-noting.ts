import { every, type Clock } from '@rollcall/core/environment';
import type { ProofMemory } from '@rollcall/access/internal';
import type { RhythmStore } from '@rollcall/presence/internal';
import type { Connections } from '@rollcall/presence/internal';
import type { Journal } from '@rollcall/outbox';

/** How often a part of the devices is written, with when each was last heard: all of them every 5 s. */
const noteEveryMs = 500;
const noteTurns = 10;

export interface Noting {
  /** Writes everything a last time. */
  stop(): void;
}

/** Tells the journal what changes all the time: when devices were last heard, and what was learned of their rhythms, who proved who it is. */
export function keepNoting(
  clock: Clock,
  journal: Journal,
  connections: Pick<Connections, 'takeNotes'>,
  rhythms: Pick<RhythmStore, 'takeChanges'>,
  proofs: Pick<ProofMemory, 'takeChanges'>,
): Noting {
  function note(share: number): void {
    journal.note(connections.takeNotes(share));
    journal.learn(rhythms.takeChanges());
    const proved = proofs.takeChanges();
    if (proved) journal.prove(proved);
  }

  const disarm = every(clock, noteEveryMs, () => note(1 / noteTurns));
  return {
    stop() {
      disarm();
      note(1);
    },
  };
}

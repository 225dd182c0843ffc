import { systemClock, type Clock } from '@rollcall/core/environment';
import type { AskedForAnnouncements } from '@rollcall/core/directory';
import { withEngine } from './contact/with-engine.ts';
import type { OpenEngine } from './engine/engine.ts';
import { askForAnnouncements as script } from './scripts/ask-for-announcements.ts';
import type { KeyNames } from './wire/key-names.ts';

/** Asks a fleet once. @throws TransportError if the engine does not answer. */
export function askForAnnouncements(
  name: string,
  keys: KeyNames,
  openEngine: OpenEngine,
  clock: Clock = systemClock,
): Promise<AskedForAnnouncements> {
  return withEngine(openEngine, clock, async ({ asker, noAnswer }) => {
    const reply = await asker.ask(script, [keys.fleet], [name]);
    const [code, leftMs] = reply.status === 'answer' ? (reply.value as readonly unknown[]) : [];
    if (code === 1) return { status: 'asked' };
    if (code === 0 && typeof leftMs === 'number') return { status: 'too-soon', leftMs };
    throw noAnswer();
  });
}

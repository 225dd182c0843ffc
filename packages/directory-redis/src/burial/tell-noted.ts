import type { ConnectionId } from '@rollcall/core';
import { gatherNoted } from '../scripts/gather-noted.ts';
import { peekNoted } from '../scripts/peek-noted.ts';
import { readBody } from '../wire/body.ts';
import { deviceNamed } from '../wire/field-text.ts';
import { readEnding, readNote } from '../wire/note.ts';
import { readRecord } from '../wire/record.ts';
import { fullId } from '../wire/short-id.ts';
import { keepGatheredSeconds, noteWindows } from '../state/note-windows.ts';
import { settleFound, type BurialTools, type Deceased, type Found } from './settle-found.ts';

/**
 * Keeps what a dead incarnation noted in one bucket, however long it takes until it is told.
 *
 * @returns whether the engine answered.
 */
export async function gatherNotes(
  { short, death }: Deceased,
  bucket: number,
  { asker, keys, deadAfterMs }: BurialTools,
): Promise<boolean> {
  const gathered = keys.noted(bucket) + short;
  const [first, last] = noteWindows(death, deadAfterMs);
  const reply = await asker.ask(
    gatherNoted,
    [gathered, keys.fenced(bucket)],
    [short, `${gathered}:`, String(first), String(last), String(keepGatheredSeconds)],
  );
  return reply.status !== 'none';
}

/**
 * Tells the endings that a dead incarnation noted in one bucket, and may not have sent.
 *
 * @returns whether all of them are settled.
 */
export async function tellNoted(dead: Deceased, bucket: number, tools: BurialTools): Promise<boolean> {
  const { asker, keys, name } = tools;
  const gathered = keys.noted(bucket) + dead.short;
  let cursor = '0';
  let complete = true;
  do {
    const reply = await asker.ask(peekNoted, [gathered, keys.burying(bucket, dead.short)], [name, cursor]);
    if (reply.status !== 'answer' || !Array.isArray(reply.value)) return false;
    const [next, ...pairs] = reply.value as readonly unknown[];
    const found: Found[] = [];
    for (let at = 0; at + 1 < pairs.length; at += 2)
      found.push(foundIn(String(pairs[at]), pairs[at + 1], dead, tools));
    complete = (await settleFound(dead, bucket, found, tools, gathered)) && complete;
    cursor = String(next);
  } while (cursor !== '0');
  return complete;
}

/** A foreign value is taken out: no instance could publish an ending from it. */
function foundIn(
  connection: string,
  text: unknown,
  { identity, death }: Deceased,
  tools: BurialTools,
): Found {
  const note = readNote(text);
  const record = readRecord(note?.record);
  const device = record && deviceNamed(record.device);
  const full = fullId(connection);
  const open =
    record && device && full !== undefined
      ? readBody(record.body, device, full as ConnectionId, identity)
      : undefined;
  const ending = note && open && readEnding(note.ending, open.event);
  if (!record || !open || !ending) {
    tools.foreign.found('note', text);
    return { connection, device: '', field: '' };
  }
  const { device: deviceName, field } = record;
  const found = { connection, device: deviceName, field };
  // The dead one said of all endings before this one that they were confirmed.
  if (ending.endedEpoch !== undefined && ending.endedEpoch < death.unconfirmedSince)
    return { ...found, wasTold: true };
  const unconfirmed = open.event.epoch >= death.unconfirmedSince;
  return { ...found, owed: { event: open.event, unconfirmed, reason: 'adapter-lost', ending } };
}

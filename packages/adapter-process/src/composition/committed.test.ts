import { settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { createLateJournal } from '@rollcall/outbox/testing';
import { startScripted } from '../testing/start-scripted.ts';

async function givenADevice() {
  const journal = createLateJournal();
  const adapter = await startScripted({ journal });
  onTestFinished(async () => {
    journal.catchUp();
    await adapter.running.stop({ graceMs: 0 });
  });
  const { connection } = await adapter.begin();
  const told: string[] = [];
  return { journal, connection, told, clock: adapter.clock };
}

test('who left is not answered for what it came with', async () => {
  const { journal, connection, told } = await givenADevice();
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  journal.commit();
  await settled();
  // The journal has that it came, and not yet that it left.
  void connection.committed().then(() => told.push('left'));
  await settled();
  expect(told).toEqual([]);
  journal.commit();
  await settled();
  expect(told).toEqual(['left']);
});

test('what is in the journal is not waited for', async () => {
  const { journal, connection, told, clock } = await givenADevice();
  journal.commit();
  await settled();
  const before = clock.armed;
  void connection.committed().then(() => told.push('came'));
  expect(clock.armed).toBe(before);
  await settled();
  expect(told).toEqual(['came']);
});

import { expect, test } from 'vitest';
import type { ConnectedEvent } from './connection-event.ts';
import type { DirectoryEntry } from './connection-directory.ts';
import { deviceRef, type ConnectionId } from './ids.ts';
import { OwnEntries } from './own-entries.ts';

const device = deviceRef('acme', 'thermostat-7');

function entry(connection: string, slot?: string): DirectoryEntry {
  const event = { connectionId: connection as ConnectionId, device } as ConnectedEvent;
  return { event, ...(slot !== undefined && { slot }) };
}

test('a slot has one holder, and who held it before stays until it is deleted', () => {
  const entries = new OwnEntries();
  const older = entry('older', 's');
  const newer = entry('newer', 's');
  const without = entry('without');
  expect([entries.add(older), entries.add(newer), entries.add(without)]).toEqual([
    undefined,
    older,
    undefined,
  ]);
  expect([...entries.all()]).toEqual([older, newer, without]);
  expect(entries.delete(older)).toBe(true);
  expect(entries.delete(older)).toBe(false);
  expect(entries.holderOf(device, 's')).toBe(newer);
  expect(entries.get(without.event.connectionId)).toBe(without);
  entries.delete(newer);
  expect([entries.holderOf(device, 's'), entries.size]).toEqual([undefined, 1]);
  entries.clear();
  expect(entries.size).toBe(0);
});

test('a connection that is added again displaces nobody', () => {
  const entries = new OwnEntries();
  const again = entry('a', 's');
  entries.add(entry('a', 's'));
  expect(entries.add(again)).toBeUndefined();
  expect(entries.holderOf(device, 's')).toBe(again);
});

test('one that was displaced elsewhere is nobody to displace, and is still there', () => {
  const entries = new OwnEntries();
  const older = entry('older', 's');
  entries.add(older);
  expect([entries.displace(older), entries.displace(older), entries.displace(entry('x'))]).toEqual([
    true,
    false,
    false,
  ]);
  expect(entries.holderOf(device, 's')).toBeUndefined();
  expect(entries.add(entry('newer', 's'))).toBeUndefined();
  expect(entries.displace(older)).toBe(false);
  expect(entries.delete(older)).toBe(true);
  expect(entries.holderOf(device, 's')?.event.connectionId).toBe('newer');
});

import rhea from 'rhea';
import { expect, test } from 'vitest';
import { silence } from './silence.ts';

const events = [
  'error',
  'protocol_error',
  'connection_error',
  'session_error',
  'sender_error',
  'receiver_error',
  'disconnected',
];

test.each(events)('%s without a listener is neither thrown nor printed', (event) => {
  const container = rhea.create_container();
  silence(container);
  // What rhea does: it throws, or prints, where nobody was told.
  expect(container.emit(event, new Error('of a peer'))).toBe(true);
});

test('whoever listens is told all the same', () => {
  const container = rhea.create_container();
  const told: string[] = [];
  container.on('disconnected', () => told.push('before'));
  silence(container);
  container.on('disconnected', () => told.push('after'));
  container.emit('disconnected');
  expect(told).toEqual(['before', 'after']);
});

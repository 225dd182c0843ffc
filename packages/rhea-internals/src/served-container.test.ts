import { servedPeer } from '@rollcall/containment';
import type rhea from 'rhea';
import { expect, test } from 'vitest';
import { internalsOf } from './internals-of.ts';
import { ServedContainer } from './served-container.ts';

const bounds = {
  maxFrameBytes: 1_024,
  maxMessageBytes: 2_048,
  maxSessions: 2,
  maxLinks: 8,
  idleTimeoutMs: 10_000,
};

function given() {
  const failed: string[] = [];
  const container = new ServedContainer<string>('here', bounds);
  const accept = (name: string): rhea.Connection => {
    let made: rhea.Connection | undefined;
    const peer = servedPeer(
      'amqp',
      (_where, error) => failed.push(`${name}: ${String(error)}`),
      () => {},
    );
    container.accept(peer, bounds, (connection) => {
      made = connection;
      return name;
    });
    if (!made) throw new Error('no connection');
    return made;
  };
  return { container, accept, failed };
}

/** As rhea does: to the container, where the connection has no listener of its own. */
function emit(connection: rhea.Connection, event: string): void {
  (connection as unknown as { dispatch(event: string, context: object): void }).dispatch(event, {
    connection,
  });
}

test('what rhea reports goes to whoever serves the connection', () => {
  const { container, accept } = given();
  const told: string[] = [];
  container.on('connection_close', (name) => told.push(name));
  const [one, other] = [accept('one'), accept('other')];
  emit(other, 'connection_close');
  emit(one, 'connection_close');
  expect(told).toEqual(['other', 'one']);
});

test('what is thrown while one peer is served costs that peer alone, and rhea is not told', () => {
  const { container, accept, failed } = given();
  const told: string[] = [];
  container.on('message', (name) => {
    if (name === 'one') throw new Error('broken');
    told.push(name);
  });
  const [one, other] = [accept('one'), accept('other')];
  emit(one, 'message');
  emit(other, 'message');
  expect([failed, told]).toEqual([['one: Error: broken'], ['other']]);
});

test('an error that nobody listens for is neither thrown nor printed', () => {
  const { accept, failed } = given();
  emit(accept('one'), 'session_error');
  expect(failed).toEqual([]);
});

test('a peer is told its bounds', () => {
  const connection = given().accept('one');
  const { open } = (connection as unknown as { local: { open: Record<string, unknown> } }).local;
  expect(open).toMatchObject({
    container_id: 'here',
    max_frame_size: 1_024,
    channel_max: 1,
    idle_time_out: 5_000,
  });
  const session = connection.create_session();
  (session as unknown as { dispatch(event: string, context: object): void }).dispatch('session_open', {
    connection,
    session,
  });
  expect(internalsOf(session).local.begin.handle_max).toBe(7);
});

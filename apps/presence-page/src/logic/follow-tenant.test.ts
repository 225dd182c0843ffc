import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { followTenant, type StreamAnswer, type StreamListener } from './follow-tenant.ts';

const device = (name: string) => ({ tenant: 't', device: name, status: 'online' as const, connections: [] });

function sse(type: string, data: object, id?: string): string {
  return `event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** A stream that says these pieces, and then ends, breaks, or stays silent. */
function answering(
  pieces: readonly string[],
  then: 'ends' | 'breaks' | 'stays',
  signal?: AbortSignal,
): StreamAnswer {
  async function* read(): AsyncGenerator<string> {
    yield* pieces;
    if (then === 'breaks') throw new TypeError('network error');
    if (then === 'stays')
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
  }
  return { status: 200, pieces: read() };
}

function given(...answers: readonly ((signal: AbortSignal) => StreamAnswer)[]) {
  const clock = new ManualClock('2026-11-28T12:00:00.000Z');
  const said: string[] = [];
  const asked: (string | undefined)[] = [];
  const listener: StreamListener = {
    state: (state) => void said.push(state.name),
    beginSnapshot: () => void said.push('begin'),
    devices: (devices) => void said.push(...devices.map((each) => each.device)),
    endSnapshot: () => void said.push('end'),
    asOf: () => void said.push('as-of'),
    resumed: (how) => void said.push(how),
  };
  const left = [...answers];
  const stop = followTenant(
    {
      clock,
      async open(headers, signal) {
        asked.push(headers['last-event-id']);
        const next = left.shift();
        if (!next) throw new TypeError('refused');
        return next(signal);
      },
    },
    listener,
  );
  return { clock, said, asked, stop };
}

const snapshot = [sse('snapshot', { devices: [device('a')] }), sse('snapshot-end', { 'as-of': {} }, '1-1')];

test('a snapshot is read, then changes, wherever pieces are cut', async () => {
  const text = snapshot.join('') + sse('change', device('b'), '1-2');
  const { said } = given((signal) => answering(text.match(/[^]{1,7}/g) ?? [], 'stays', signal));
  await settled();
  await settled();
  await expect
    .poll(() => said)
    .toEqual(['connecting', 'begin', 'snapshot', 'a', 'end', 'live', 'as-of', 'b']);
});

test('a stream that breaks goes on behind the last event, and that is said', async () => {
  const { clock, said, asked } = given(
    () => answering([...snapshot, sse('change', device('b'), '1-2')], 'breaks'),
    (signal) => answering([sse('change', device('c'), '1-3')], 'stays', signal),
  );
  await expect.poll(() => said.at(-1)).toBe('lost');
  clock.advance(1_000);
  await expect.poll(() => said.at(-1)).toBe('c');
  expect(said.slice(-4)).toEqual(['lost', 'live', 'gapless', 'c']);
  expect(asked).toEqual([undefined, '1-2']);
});

test('where the changes are not kept, all is read anew, and that is said', async () => {
  const { clock, said } = given(
    () => answering(snapshot, 'ends'),
    (signal) => answering([sse('reset', {}), ...snapshot], 'stays', signal),
  );
  await expect.poll(() => said.at(-1)).toBe('lost');
  clock.advance(1_000);
  await expect.poll(() => said.at(-1)).toBe('as-of');
  expect(said.slice(-6)).toEqual(['snapshot', 'a', 'end', 'live', 'anew', 'as-of']);
});

test('a stream that breaks within the snapshot begins again without an id', async () => {
  const { clock, said, asked } = given(
    () => answering(snapshot.slice(0, 1), 'breaks'),
    (signal) => answering(snapshot, 'stays', signal),
  );
  await expect.poll(() => said.at(-1)).toBe('lost');
  clock.advance(1_000);
  await expect.poll(() => said.includes('anew')).toBe(true);
  expect(asked).toEqual([undefined, undefined]);
});

test('a stream that is silent for 45 s is opened again', async () => {
  const { clock, said, asked } = given(
    (signal) => answering(snapshot, 'stays', signal),
    (signal) => answering([], 'stays', signal),
  );
  await expect.poll(() => said.at(-1)).toBe('as-of');
  clock.advance(45_000);
  await expect.poll(() => said.at(-1)).toBe('lost');
  clock.advance(1_000);
  await expect.poll(() => asked).toEqual([undefined, '1-1']);
});

test('pauses between tries grow to 15 s', async () => {
  const { clock, asked } = given();
  for (const [tries, pauseMs] of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000].entries()) {
    await expect.poll(() => asked.length).toBe(tries + 1);
    await settled();
    clock.advance(pauseMs - 1);
    await settled();
    expect(asked).toHaveLength(tries + 1);
    clock.advance(1);
  }
  await expect.poll(() => asked.length).toBe(7);
});

test.each([401, 403, 404])('what is refused with %i is not tried again', async (status) => {
  const { clock, said, asked } = given(() => ({ ...answering([], 'ends'), status }));
  await expect.poll(() => said.at(-1)).toBe('refused');
  clock.advance(60_000);
  await settled();
  expect(asked).toHaveLength(1);
});

test('a service that is busy is tried again', async () => {
  const { clock, said, asked } = given(
    () => ({ ...answering([], 'ends'), status: 503 }),
    (signal) => answering(snapshot, 'stays', signal),
  );
  await expect.poll(() => said.at(-1)).toBe('lost');
  clock.advance(1_000);
  await expect.poll(() => asked.length).toBe(2);
});

test('nothing is opened any more once it is ended', async () => {
  const { clock, said, asked, stop } = given(() => answering(snapshot, 'breaks'));
  await expect.poll(() => said.at(-1)).toBe('lost');
  stop();
  await settled();
  clock.advance(60_000);
  await settled();
  expect(asked).toHaveLength(1);
});

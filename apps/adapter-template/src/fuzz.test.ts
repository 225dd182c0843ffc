import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { scriptedPassword, startForTest } from '@rollcall/adapter-kit/conformance';
import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 500);
const atATime = 25;

const conversation = [
  `login thermostat-7@acme ${scriptedPassword}`,
  'telemetry text/plain 21.5',
  'ping',
  'event application/json {"alarm": true}',
  'telemetry text/plain',
  'bye',
];

test(
  `${cases} mutated conversations: no crash, no unmatched event, and an honest device notices nothing`,
  { timeout: 60_000 + cases * 20 },
  async () => {
    const adapter = await startForTest(
      createTemplateAdapter({
        host: '127.0.0.1',
        port: 0,
        maxLineBytes: 256,
        loginTimeoutMs: 10_000,
        idleLimitMs: 60_000,
      }),
    );
    const { port } = adapter.address;
    const random = seededRandom(20_261_124);

    const honest = connect(port, '127.0.0.1');
    const answers = createInterface({ input: honest })[Symbol.asyncIterator]();
    honest.write(`login valve-1@acme ${scriptedPassword}\n`);
    expect((await answers.next()).value).toBe('ok');

    /** A conversation with some of its bytes changed, cut, doubled or made up. */
    function mutated(): Buffer {
      const from = random.pick(6) === 0 ? random.pick(conversation.length) : 0;
      const bytes = Buffer.from(
        conversation
          .slice(from)
          .map((line) => `${line}\n`)
          .join(''),
      );
      for (let i = random.pick(4); i > 0; i--) bytes[random.pick(bytes.length)] = random.pick(256);
      const cut = random.pick(3) === 0 ? bytes.subarray(0, random.pick(bytes.length)) : bytes;
      if (random.pick(5) > 0) return cut;
      return Buffer.concat([cut, Buffer.from(random.bytes(random.pick(600))), cut]);
    }

    /** Plays one conversation in pieces of any size, reads the answers or does not, and leaves in any way. */
    async function play(): Promise<void> {
      const message = mutated();
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      if (random.pick(4) > 0) socket.resume();
      await once(socket, 'connect');
      for (let at = 0; at < message.length && !socket.destroyed;) {
        const piece = 1 + random.pick(message.length);
        socket.write(message.subarray(at, at + piece));
        at += piece;
        if (random.pick(4) === 0) await nextTurn();
      }
      for (let turn = random.pick(20); turn > 0; turn--) await nextTurn();
      if (socket.destroyed) return;
      const closed = once(socket, 'close');
      const leave = [() => socket.destroy(), () => socket.resetAndDestroy(), () => socket.resume().end()][
        random.pick(3)
      ];
      leave?.();
      await closed;
    }

    for (let played = 0; played < cases; played += atATime) {
      await Promise.all(Array.from({ length: Math.min(atATime, cases - played) }, play));
      honest.write('ping\n');
      expect((await answers.next()).value).toBe('ok');
    }

    // Some conversations were accepted: what the fuzz does not reach, it does not test.
    await adapter.events(cases / 5);
    honest.destroy();
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);

    const open = new Map<string, number>();
    for (const { type, connectionId } of adapter.sink.events)
      open.set(connectionId, (open.get(connectionId) ?? 0) + (type === 'connected' ? 1 : -1));
    expect([...open.values()].filter((count) => count !== 0)).toEqual([]);
    expect(adapter.logged.filter(({ level }) => level === 'error')).toEqual([]);
    expect(JSON.stringify(adapter.logged)).not.toContain(scriptedPassword);
  },
);

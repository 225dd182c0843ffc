import { startScriptedPeer, type ScriptedPeer } from '@rollcall/amqp-connection/testing';
import { anEventMessage } from '@rollcall/conformance';
import { afterEach, expect, test } from 'vitest';
import { hearAdapter } from '../journal/hear-adapter.ts';
import { watch, type Watch } from './watch.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

const watched = '/amq/queue/watch';

async function givenAQueue(): Promise<{ peer: ScriptedPeer; url: string }> {
  const peer = await startScriptedPeer();
  open.push(peer);
  return { peer, url: `amqp://127.0.0.1:${peer.port}` };
}

function look(
  url: string,
  dropOthers: boolean,
): { running: Watch; lines: string[]; seen: () => number; one: Promise<void> } {
  const lines: string[] = [];
  const { promise: one, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const running = watch({
    url,
    network: 'rabbitmq-3',
    tenants: ['acme'],
    queue: 'watch',
    dropOthers,
    tell: (line) => void lines.push(line),
    onEvent() {
      count += 1;
      resolve();
    },
  });
  open.push(running);
  return { running, lines, seen: () => count, one };
}

/** What devices upload: a message of nothing but a data section (AMQP 1.0 §3.2.6). */
const uploads = Array.from({ length: 1_200 }, (_, index) => {
  const body = Buffer.from(`{"temp":${index}}`);
  return Buffer.concat([Buffer.from([0, 0x53, 0x75, 0xa0, body.length]), body]);
});

/** Sends again what is given back, as a queue with no other consumer does. */
function offerForEver(peer: ScriptedPeer): { stop(): void } {
  const offering = { over: false };
  for (const upload of uploads)
    void (async () => {
      while (!offering.over) if ((await peer.deliver(watched, upload)) !== 'released') return;
    })().catch(() => {});
  return {
    stop() {
      offering.over = true;
    },
  };
}

test('a queue full of messages that no one takes ends the watch, and the error names the way out', async () => {
  const { peer, url } = await givenAQueue();
  const { running, lines } = look(url, false);
  await running.ready;
  const offering = offerForEver(peer);
  const why = await running.hopeless;
  offering.stop();
  expect(why).toMatch(/come again and again.*--drop-others/);
  expect(lines).toEqual([expect.stringMatching(/left to others .*--drop-others/)]);
});

test('messages that are not events are taken out of an own queue, and the events behind them are shown', async () => {
  const { peer, url } = await givenAQueue();
  const { running, lines, seen, one } = look(url, true);
  await running.ready;
  const outcomes = await Promise.all(uploads.map((upload) => peer.deliver(watched, upload)));
  expect(new Set(outcomes)).toEqual(new Set(['accepted']));
  expect(await peer.deliver(watched, anEventMessage('e1'))).toBe('accepted');
  await one;
  expect(seen()).toBe(1);
  expect(lines).toEqual([expect.stringContaining('they are not shown')]);
});

test('an adapter is not declared dead when only messages that are not events arrive', async () => {
  const { peer, url } = await givenAQueue();
  const listening = {
    adapterId: 'mqtt-0',
    queue: 'watch',
    withinMs: 600_000,
    url,
    network: 'rabbitmq-3' as const,
  };
  const said = hearAdapter(listening, () => {});
  await expect.poll(() => peer.lastSource()).toBeDefined();
  const offering = offerForEver(peer);
  expect(await said).toMatch(/^cannot listen for mqtt-0: .*--drop-others/);
  offering.stop();
});

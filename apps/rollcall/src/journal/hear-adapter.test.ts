import { startScriptedPeer } from '@rollcall/amqp-connection/testing';
import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { hearAdapter } from './hear-adapter.ts';

test('an outage of the network is not silence of the adapter, and silence is told with what it means', async () => {
  const peer = await startScriptedPeer();
  const clock = new ManualClock();
  const lines: string[] = [];
  const url = `amqp://127.0.0.1:${peer.port}`;
  const listening = {
    adapterId: 'mqtt-0',
    queue: 'watch',
    withinMs: 10_000,
    url,
    network: 'rabbitmq-3' as const,
  };
  const ends: (string | undefined)[] = [];
  const said = hearAdapter(listening, (line) => void lines.push(line), clock);
  void said.then((why) => ends.push(why));
  await expect.poll(() => peer.attached).toHaveLength(1);
  await clock.advanceAsync(6_000);
  peer.drop();
  await expect.poll(() => lines.join()).toContain('lost while listening');
  await expect.poll(() => lines.join()).toContain('connected to the Events API again');
  await clock.advanceAsync(9_999);
  expect(ends).toEqual([]);
  await clock.advanceAsync(1);
  expect(await said).toBeUndefined();
  expect(lines.at(-1)).toMatch(/^listened for 10 s, and mqtt-0 was not heard.*ANNOUNCEINTERVAL/);
  await peer.close();
});

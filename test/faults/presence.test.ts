import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectReaderToKnow, expectTheTruth, listen, whileDevicesChurn } from './support/presence-churn.ts';
import { setPresenceStage, type PresenceStage } from './support/presence-stage.ts';

// The presence service under churn, while it and the network are killed: nothing is lost, and nothing is there twice.

let stage: PresenceStage;

beforeEach(async () => {
  stage = setPresenceStage();
  await stage.start();
});
afterEach(() => stage.strike());

test('the service is killed and asked to stop again and again: nothing is lost, nothing is there twice, and readers go on without a gap', async () => {
  const { heard, stop } = listen(stage.urls[0]);
  await expect.poll(() => heard.map(({ type }) => type)).toContain('snapshot-end');
  const signals = ['SIGKILL', 'SIGTERM'] as const;
  let ends = 0;
  const acts = await whileDevicesChurn(stage, 4, async () => {
    await pause(300);
    await stage.services[0].end(signals[ends++ % 2] ?? 'SIGKILL');
    await stage.services[0].start();
  });
  expect(acts).toBeGreaterThanOrEqual(4);
  await expectTheTruth(stage.urls[0]);
  await expectReaderToKnow(heard);
  // It never had to begin again: each change came once, in the order of the commits.
  expect(heard.filter(({ type }) => type === 'reset')).toHaveLength(1);
  const changes = heard.flatMap((news) => (news.type === 'change' ? [JSON.stringify(news.presence)] : []));
  expect(changes.filter((change, index) => change === changes[index + 1])).toEqual([]);
  await stop();
});

test('the network is killed: nothing is lost, nothing is there twice', async () => {
  const { heard, stop } = listen(stage.urls[0]);
  let kills = 0;
  const acts = await whileDevicesChurn(stage, 2, async () => {
    await pause(300);
    if ((kills += 1) > 2) return;
    await stage.network.end('SIGKILL');
    await stage.network.start();
  });
  expect(acts).toBeGreaterThanOrEqual(2);
  await expectTheTruth(stage.urls[0]);
  await expectReaderToKnow(heard);
  await stop();
});

import { setTimeout as pause } from 'node:timers/promises';
import { hasDebianPackage, startPostgres, type Postgres } from '@rollcall/conformance/machine';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  expectReaderToKnow,
  expectTheTruth,
  listen,
  whileDevicesChurn,
} from '../faults/support/presence-churn.ts';
import { relayTcpTo } from './fleet/tcp-relay.ts';
import { setPresenceStage, type PresenceStage } from '../faults/support/presence-stage.ts';

// Two replicas of the presence service on one PostgreSQL, as competing consumers: what is killed loses nothing and doubles nothing.

/** What a stream says until this is in it. */
async function textUntil({ body }: Response, pattern: RegExp): Promise<string> {
  let text = '';
  if (!body) throw new Error('there is no stream');
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (pattern.test(text)) return text;
  }
  throw new Error(`the stream ended with ${text}`);
}

describe.runIf(hasDebianPackage('postgresql'))('two replicas on PostgreSQL', () => {
  let postgres: Postgres;
  let stage: PresenceStage;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.cleanUp());
  beforeEach(async () => {
    stage = setPresenceStage({ replicas: 2, database: postgres.newDatabase() });
    await stage.start();
  });
  afterEach(() => stage.strike());

  test('one of which is killed again and again: readers of the other miss nothing', async () => {
    const { heard, stop } = listen(stage.urls[0]);
    const [, second] = stage.services;
    const acts = await whileDevicesChurn(stage, 2, async () => {
      await pause(300);
      await second?.end('SIGKILL');
      await second?.start();
    });
    expect(acts).toBeGreaterThanOrEqual(2);
    for (const url of stage.urls) await expectTheTruth(url);
    await expectReaderToKnow(heard);
    expect(heard.filter(({ type }) => type === 'reset')).toHaveLength(1);
    await stop();
  });

  test('a reader of one goes on at the other without a gap', async () => {
    const before = listen(stage.urls[0]);
    await expect
      .poll(() => before.heard.map(({ type }) => type), { timeout: 240_000 })
      .toContain('snapshot-end');
    const path = '/v1/tenants/acme/watch';
    const first = await fetch(stage.urls[0] + path);
    const [, id = ''] = /^id: (.+)$/m.exec(await textUntil(first, /^id: .+\n/m)) ?? [];
    const acts = await whileDevicesChurn(stage, 1, () => pause(100));
    expect(acts).toBeGreaterThanOrEqual(1);
    const other = await fetch((stage.urls[1] ?? '') + path, { headers: { 'last-event-id': id } });
    const text = await textUntil(other, /^event: .+\n/m);
    expect(text).not.toContain('event: reset');
    expect(text).toMatch(/^event: change$/m);
    await before.stop();
  });

  test('whose database is killed: events wait, and all of them are there', async () => {
    const { heard, stop } = listen(stage.urls[1] ?? '');
    let kills = 0;
    const acts = await whileDevicesChurn(stage, 2, async () => {
      await pause(300);
      if ((kills += 1) > 2) return;
      await postgres.end('SIGKILL');
      await postgres.start();
    });
    expect(acts).toBeGreaterThanOrEqual(2);
    for (const url of stage.urls) await expectTheTruth(url);
    await expectReaderToKnow(heard);
    await stop();
  });

  test('whose database is lost, and whose standby takes its place: what was committed is there, and the rest comes', async () => {
    const first = await startPostgres();
    const relay = await relayTcpTo(first.port);
    const database = new URL(first.newDatabase());
    database.port = String(relay.port);
    const standby = await first.addStandby();
    const two = setPresenceStage({ replicas: 2, database: database.href });
    try {
      await two.start();
      const { heard, stop } = listen(two.urls[1] ?? '');
      let isLost = false;
      await whileDevicesChurn(two, 3, async () => {
        await pause(300);
        if (isLost) return;
        isLost = true;
        await first.end('SIGKILL');
        await standby.promote();
        relay.leadTo(standby.port);
      });
      expect(isLost).toBe(true);
      for (const url of two.urls) await expectTheTruth(url);
      await expectReaderToKnow(heard);
      await stop();
    } finally {
      await two.strike();
      await relay.close();
      await first.cleanUp();
    }
  });
});

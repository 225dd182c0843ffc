import { presence, PresenceError, type PresenceNews } from '@rollcall/client/presence';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentBlocks } from '../documents/document-blocks.ts';
import { startApp } from './support/processes.ts';
import { startUp, type RunningUp } from './support/up.ts';

// The presence service of `npm start`, asked as docs/presence.md says.

const tenant = 'DEFAULT_TENANT';
let up: RunningUp;
let url = '';
beforeAll(async () => {
  up = await startUp();
  url = `http://127.0.0.1:${8_090 + up.offset}`;
});
afterAll(() => up.cleanUp());

async function aDevice(clientId: string): Promise<{ leave(): Promise<unknown> }> {
  const [username, password] = ['sensor1@DEFAULT_TENANT', 'hono-secret'];
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, { username, password, clientId });
  return { leave: () => client.endAsync() };
}

describe('the presence service', () => {
  test('shows a device come and go, and answers about the past', async () => {
    const service = presence({ url });
    const device = { tenant, device: '4711' };
    expect(await service.get(device)).toMatchObject({ status: 'unknown', connections: [] });
    // While the machine is busy an adapter may have heard of the end late: the device may then have left at once.
    const comeAndGo = async () => {
      const { leave } = await aDevice('thermostat-7');
      await expect.poll(async () => (await service.get(device)).status).toBe('online');
      const online = await service.get(device);
      await leave();
      await expect.poll(async () => (await service.get(device)).status).toBe('offline');
      return { online, offline: await service.get(device) };
    };
    const wasThere = ({ online }: Awaited<ReturnType<typeof comeAndGo>>) =>
      service.wasConnected(device, new Date('since' in online ? online.since : 0));
    let visit = await comeAndGo();
    while ((await wasThere(visit)).answer === 'uncertain') visit = await comeAndGo();
    expect(await wasThere(visit)).toEqual({ answer: 'yes' });
    const { online, offline } = visit;
    expect(online).toMatchObject({
      connections: [
        { protocol: expect.stringMatching(/^MQTT/), remoteId: 'thermostat-7', basis: { kind: 'session' } },
      ],
    });
    expect(offline).toMatchObject({ ending: { reason: 'client-closed', clean: true } });
    const left = 'since' in offline ? offline.since : 0;
    // Until every adapter has announced what it has open, nobody knows.
    await expect.poll(() => service.wasConnected(device, new Date(left))).toEqual({ answer: 'no' });
  });

  test('streams each change, and goes on with the last id', async () => {
    const over = new AbortController();
    const heard: PresenceNews[] = [];
    const reading = (async () => {
      for await (const news of presence({ url }).watch(tenant, over.signal)) heard.push(news);
    })();
    await expect.poll(() => heard.map(({ type }) => type)).toContain('snapshot-end');
    const { leave } = await aDevice('thermostat-8');
    await leave();
    await expect
      .poll(() => heard.flatMap((news) => (news.type === 'change' ? [news.presence.status] : [])))
      .toEqual(['online', 'offline']);
    over.abort();
    await reading;
  });

  test('lists, and answers about many at once', async () => {
    const service = presence({ url });
    const all: string[] = [];
    for await (const { device } of service.all(tenant, { status: 'offline' })) all.push(device.device);
    expect(all).toEqual(['4711']);
    const many = Array.from({ length: 1_500 }, (_, number) => ({ tenant, device: `d-${number}` }));
    const found = await service.getMany([{ tenant, device: '4711' }, ...many]);
    expect(found).toHaveLength(1_501);
    expect(found[0]).toMatchObject({ status: 'offline' });
  });

  test('is asked by `rollcall devices`, once or for changes', async () => {
    const once = startApp('rollcall', ['devices', '--presence-url', url, '--once', '--json']);
    expect(await once.exited()).toBe(0);
    expect(once.stdout.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { tenant, device: '4711', status: 'offline', ending: { reason: 'client-closed' } },
    ]);
    const following = startApp('rollcall', ['devices', '--online'], { ROLLCALL_PRESENCE_URL: url });
    const { leave } = await aDevice('thermostat-9');
    await following.line((line) => /4711 +online/.test(line), 'that the device is online');
    await leave();
    expect(await following.end('SIGINT')).toBe(0);
    const nowhere = startApp('rollcall', ['devices', '--presence-url', 'http://127.0.0.1:1']);
    expect(await nowhere.exited()).toBe(1);
    expect(nowhere.stderr.join('')).toContain('http://127.0.0.1:1');
  });

  test('refuses what is wrong, and says what', async () => {
    const refused = presence({ url }).get({ tenant, device: 'x'.repeat(2_000) });
    await expect(refused).rejects.toMatchObject({ status: 400, field: 'device' });
    await expect(refused).rejects.toBeInstanceOf(PresenceError);
  });

  test('answers what the document shows', async () => {
    // The shell would put a time there.
    const time = /\$\(date [^)]*\)/g;
    const shown = documentBlocks()
      .filter(({ document }) => document === 'docs/presence.md')
      .flatMap(({ code }) =>
        [
          ...code
            .replaceAll(time, new Date(0).toISOString())
            .matchAll(/(?:curl .*?|')http:\/\/127\.0\.0\.1:8090([^\s'"\\]*)/g),
        ].map(([, path = '']) => path),
      )
      .filter((path) => !/watch|query/.test(path));
    expect(shown.length).toBeGreaterThan(4);
    for (const path of shown) expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  });
});

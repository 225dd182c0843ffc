import { startForTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

async function givenAnybody(setting: TestSetting = {}) {
  const adapter = await startForTest(
    createHttpAdapter({ ...options, authenticationRequired: false }),
    setting,
  );
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const send = (path: string, { method = 'PUT', headers = {} }: { method?: string; headers?: object } = {}) =>
    fetch(`http://127.0.0.1:${adapter.address.port}${path}`, {
      method,
      body: '21.5',
      headers: { 'content-type': 'text/plain', ...headers },
    });
  return { ...adapter, send };
}

describe('a device that need not say who it is', () => {
  test('uploads for what its paths name, in full, and gives no event', async () => {
    const { send, sender, sink } = await givenAnybody();
    expect((await send('/event/acme/valve-1')).status).toBe(202);
    const telemetry = await send('/telemetry/umbrella/thermostat-7', { headers: { 'qos-level': '1' } });
    expect(telemetry.status).toBe(202);
    expect(sender.messages).toMatchObject([
      { endpoint: 'event', device: { tenant: 'acme', device: 'valve-1' }, qos: 1 },
      { endpoint: 'telemetry', device: { tenant: 'umbrella', device: 'thermostat-7' }, qos: 1 },
    ]);
    await settled();
    expect(sink.events).toEqual([]);
  });

  test.each([
    ['PUT', '/event//valve-1', 404],
    ['PUT', '/event/acme', 404],
    ['PUT', '/event/acme/nobody', 404],
    ['PUT', '/event/nowhere/valve-1', 404],
    ['POST', '/event', 401],
    ['POST', '/command/res/1', 401],
    ['PUT', '/command/res/acme/valve-1/1', 501],
  ])('hears of %s %s: %i', async (method, path, status) => {
    const { send, sender, sink } = await givenAnybody();
    expect((await send(path, { method })).status).toBe(status);
    expect([sender.messages, sink.events]).toEqual([[], []]);
  });

  test('waits for a command for as long as it says, and its tenant lets it', async () => {
    const { send, sender, clock } = await givenAnybody();
    const answers: number[] = [];
    void send('/event/acme/valve-1', { headers: { 'hono-ttd': '90' } }).then(({ status }) =>
      answers.push(status),
    );
    await expect.poll(() => sender.messages).toMatchObject([{ ttdSeconds: 60 }]);
    await clock.advanceAsync(59_999);
    await settled();
    expect(answers).toEqual([]);
    await clock.advanceAsync(1);
    await expect.poll(() => answers).toEqual([202]);
  });

  test('uploads no more of a device than that itself might', async () => {
    const { send } = await givenAnybody({ settings: { maxMessagesPerSecond: 10 } });
    for (let sent = 0; sent < 10; sent++) expect((await send('/event/acme/valve-1')).status).toBe(202);
    expect((await send('/event/acme/valve-1')).status).toBe(429);
    expect((await send('/event/umbrella/thermostat-7')).status).toBe(202);
  });

  test('is that device, with events, if it logs in, and is refused if it cannot', async () => {
    const { send, events } = await givenAnybody();
    const logIn = (password: string) => ({
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`thermostat-7@acme:${password}`)}` },
    });
    expect((await send('/event', logIn(scriptedPassword))).status).toBe(202);
    expect((await events(1))[0]).toMatchObject({ device: { device: 'thermostat-7' } });
    expect((await send('/event', logIn('guess'))).status).toBe(401);
  });
});

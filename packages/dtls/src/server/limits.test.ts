import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { createTestBed, sensor1, type TestBed, type TestBedOptions } from '../testing/test-bed.ts';

const cipherSuites = ['TLS_PSK_WITH_AES_128_CCM_8'] as const;
const wrong = { psk: { ...sensor1.psk, secret: Buffer.from('wrong') } };

function given(server: NonNullable<TestBedOptions['server']>): TestBed & { readonly clock: ManualClock } {
  const clock = new ManualClock();
  return Object.assign(createTestBed({ clock, settled, server }), { clock });
}

describe('time', () => {
  test('who says nothing for too long is told good-bye; who speaks stays', async () => {
    const { device, run, runFor, log, server } = given({ idleTimeoutMs: 60_000 });
    const silent = device({ ...sensor1, cipherSuites });
    const speaking = device({ ...sensor1, cipherSuites });
    silent.client.connect();
    speaking.client.connect();
    await run();
    for (let i = 0; i < 3; i++) {
      await runFor(30_000);
      speaking.client.send(Buffer.from('x'));
    }
    await run();
    expect(log.filter((line) => line.startsWith('close'))).toEqual(['close sensor1 idle']);
    expect(silent.closed).toEqual(['close-notify']);
    expect(speaking.client.isOpen).toBe(true);
    expect(server.associations).toBe(1);
  });

  test('what we send is no sign of life, and neither is what anybody can send', async () => {
    const { device, run, runFor, log, associations, forge } = given({ idleTimeoutMs: 60_000 });
    const { client, peer } = device({ ...sensor1, cipherSuites });
    client.connect();
    await run();
    for (let i = 0; i < 7; i++) {
      await runFor(10_000);
      associations[0]?.send(Buffer.from('are you there?'));
      const record = client.seal(23, Buffer.from('x'));
      record.fill(0, 20);
      forge(record, peer);
    }
    expect(log).toEqual(['open sensor1', 'close sensor1 idle']);
  });

  test('no timer runs while there is nothing to wait for, and few while there is much', async () => {
    const { device, run, runFor, clock, server } = given({ idleTimeoutMs: 60_000 });
    expect(clock.armed).toBe(0);
    const devices = Array.from({ length: 50 }, () => device({ ...sensor1, cipherSuites }));
    for (const { client } of devices) client.connect();
    await run();
    await runFor(1_000);
    expect(server.associations).toBe(50);
    expect(clock.armed).toBe(1);
    for (const { client } of devices) client.close();
    await run();
    await runFor(10_000);
    expect(clock.armed).toBe(0);
  });
});

describe('the end', () => {
  test('of the server: everybody is told, handshakes are given up, nothing comes after', async () => {
    const { device, run, server, log, clock, answers } = given({});
    const there = device({ ...sensor1, cipherSuites });
    const coming = device({ ...wrong, cipherSuites });
    there.client.connect();
    coming.client.connect();
    await run();
    server.close();
    await run();
    expect(log).toEqual(['open sensor1', 'failed closing', 'close sensor1 closed']);
    expect(there.closed).toEqual(['close-notify']);
    coming.client.vanish();
    expect(clock.armed).toBe(0);
    const before = answers.length;
    device({ ...sensor1, cipherSuites }).client.connect();
    await run();
    expect(answers).toHaveLength(before);
  });

  test('of an association comes once, and after it nothing is sent', async () => {
    const { device, run, log, associations, answers } = given({});
    device({ ...sensor1, cipherSuites }).client.connect();
    await run();
    const [association] = associations;
    association?.close();
    const before = answers.length;
    association?.close();
    association?.abort('accessDenied');
    association?.send(Buffer.from('x'));
    expect(answers).toHaveLength(before);
    expect(log).toEqual(['open sensor1', 'close sensor1 closed']);
    expect(association?.isOpen).toBe(false);
  });

  test('a lookup that comes back after the end changes nothing', async () => {
    const waiting: (() => void)[] = [];
    const findPsk = (): Promise<undefined> =>
      new Promise((resolve) => waiting.push(() => resolve(undefined)));
    const { device, run, server, answers, log } = given({ findPsk });
    const { client } = device({ ...sensor1, cipherSuites });
    client.connect();
    await run();
    server.close();
    client.vanish();
    const before = answers.length;
    for (const each of waiting) each();
    await run();
    expect(waiting).toHaveLength(1);
    expect(answers).toHaveLength(before);
    expect(log).toEqual(['failed closing']);
  });
});

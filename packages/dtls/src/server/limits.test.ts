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
  test('an association that is silent for too long is closed with close_notify; one whose peer sends stays open', async () => {
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

  test('neither what the server sends nor what an attacker can forge keeps an association open', async () => {
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

  test('no timer runs while there is nothing to wait for, and few run while there is much', async () => {
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
  test('close ends all associations with close_notify, gives up handshakes, and drops what comes after', async () => {
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

  test('onClose is called once for an association, and nothing is sent after it', async () => {
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

  test('a look-up that ends after close changes nothing', async () => {
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

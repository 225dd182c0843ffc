import { hasDebianPackage } from '@rollcall/conformance/machine';
import { systemRandom } from '@rollcall/core/environment';
import { expect, onTestFinished, test } from 'vitest';
import { ioredisEngine } from '../engine/ioredis-engine.ts';
import { claimSlot } from '../scripts/claim-slot.ts';
import { layDown } from '../scripts/lay-down.ts';
import { loopback } from '../testing/fleet-on-redis.ts';
import { startRedis } from '../testing/redis-servers.ts';
import { keyNames } from '../wire/key-names.ts';
import { recordText } from '../wire/record.ts';

const bucket = 7;
const device = 'acme/thermostat-7';
const field = 'lhono-http:sensor';
const record = recordText({ device, field, untilMs: 1, body: '{}' });

test.skipIf(!hasDebianPackage('redis-server')).each([
  ['still holds its slot', [], 'nobody one'],
  ['lost its slot to another connection of this instance', ['two'], 'me two'],
] as const)(
  'a stray that %s is owed by the name under which it is laid down',
  async (_what, later, holder) => {
    const server = await startRedis();
    const keys = keyNames('test:');
    const ready = Promise.withResolvers<void>();
    const engine = ioredisEngine({
      address: loopback(server.port),
      credentials: () => ({}),
      name: 'test',
      random: systemRandom,
    })({
      commandsReady: ready.resolve,
      commandsLost() {},
      subscribed() {},
      published() {},
    });
    onTestFinished(async () => {
      engine.close();
      await server.stop();
    });
    await ready.promise;
    const owedBy = keys.owedBy(bucket);
    const slots = keys.devices(bucket) + device;
    for (const [index, connection] of ['one', ...later].entries())
      await engine.run(
        claimSlot,
        [slots, `${owedBy}me`, keys.fenced(bucket), keys.ended(bucket) + connection],
        [
          field,
          `000000000000000${index + 1}`,
          'me',
          connection,
          record,
          '',
          '',
          keys.channels,
          owedBy,
          'asserted',
          keys.told(bucket, ''),
          '',
        ],
      );
    const lay = () =>
      engine.run(
        layDown,
        [slots, `${owedBy}me`, `${owedBy}nobody`, keys.fenced(bucket), keys.heard(bucket)],
        [field, 'me', 'one', 'nobody', keys.channels],
      );
    expect(await lay()).toBe(1);
    expect(await engine.read('HKEYS', `${owedBy}nobody`)).toEqual(['one']);
    expect(await engine.read('HKEYS', `${owedBy}me`)).toEqual(later);
    expect(await engine.read('HGET', slots, field)).toMatch(new RegExp(`${holder}$`));
    expect(await lay(), 'it is not there any more').toBe(0);
  },
);

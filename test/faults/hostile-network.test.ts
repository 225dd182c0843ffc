import { setTimeout as pause } from 'node:timers/promises';
import { startScriptedPeer, type Verdict } from '@rollcall/amqp-connection/testing';
import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { startApp } from '../e2e/support/processes.ts';
import { atTheEnd, clearUpAfterEach } from './support/acts.ts';
import { beginChurn } from './support/churn.ts';
import { eventuallyNone } from './support/eventually.ts';
import { mqttWire } from './support/device-wire.ts';
import { createFleet } from './support/fleet.ts';
import { scale } from './support/scale.ts';
import { createScriptedRecord } from './support/scripted-record.ts';
import { setStage } from './support/stage.ts';
import { differences } from './support/verdict.ts';

clearUpAfterEach();

const devices = 30;
const rounds = scale({ quick: 4, soak: 8 });
const actionsPerSecond = scale({ quick: 50, soak: 100 });
const churnMs = scale({ quick: 2_000, soak: 3_000 });

/** What was parked comes after what the device did since. */
function isLate(problem: string): boolean {
  return problem.includes('device-7') && problem.includes('out of order');
}

/** An adapter whose network is the test. */
async function givenANetworkThatDecides() {
  const peer = await startScriptedPeer();
  peer.credit = 100_000;
  atTheEnd(() => peer.close());
  const stage = setStage({ protocol: 'mqtt', devices, networkPort: peer.port });
  atTheEnd(() => stage.strike());
  const record = createScriptedRecord();
  peer.verdict = (message) => {
    record.accept(record.read(message));
    return 'accepted';
  };
  await stage.adapter.start();
  const fleet = createFleet(stage.port, mqttWire);
  atTheEnd(() => fleet.end());
  const churn = (seed: number) =>
    beginChurn({ fleet, random: seededRandom(seed), devices, actionsPerSecond });
  return { peer, stage, record, fleet, churn };
}

test('while a network gives no credit, devices connect and events wait, and then come', async () => {
  const { peer, stage, record, fleet, churn } = await givenANetworkThatDecides();
  peer.credit = 0;
  const churning = churn(1);
  await pause(churnMs);
  await churning.stop();
  expect(record.events).toEqual([]);
  expect(fleet.attempts.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
  await expect.poll(() => stage.readiness()).toMatchObject({ status: 'DEGRADED' });
  peer.credit = 100_000;
  for (const address of ['event/acme', 'event/umbrella']) peer.grant(address, peer.credit);
  await eventuallyNone(() => differences(record, fleet));
});

test('with a network that answers at random no event is lost, and only those it refuses for good are parked', async () => {
  const { peer, stage, record, fleet, churn } = await givenANetworkThatDecides();
  const random = seededRandom(2);
  const passing: readonly Verdict[] = [
    'released',
    { rejected: 'amqp:resource-limit-exceeded' },
    { rejected: 'amqp:internal-error' },
    { modified: { undeliverableHere: false } },
    'silence',
  ];
  let refusing = true;
  peer.verdict = (message) => {
    const event = record.read(message);
    if (refusing && event.device.device === 'device-7') return { rejected: 'amqp:not-allowed' };
    if (refusing && random.next() < 0.4) return passing[random.pick(passing.length)] ?? 'released';
    record.accept(event);
    return 'accepted';
  };
  const churning = churn(3);
  await pause(churnMs);
  await churning.stop();
  // On a busy machine it may not have had its turn.
  await fleet.connect(7);
  for (const attempt of fleet.open()) if (attempt.device === 'device-7') fleet.leave(attempt);
  // What is refused for good is missing, and nothing else is.
  const ofDevice7 = (problem: string): boolean => problem.includes('device-7');
  await eventuallyNone(() => differences(record, fleet).filter((problem) => !ofDevice7(problem)));
  const parked =
    2 *
    fleet.attempts.filter(({ device, outcome }) => device === 'device-7' && outcome === 'accepted').length;
  expect(parked).toBeGreaterThan(0);
  await expect.poll(() => stage.metric('rollcall_outbox_parked'), { timeout: 300_000 }).toBe(parked);
  expect(record.events.filter(({ device }) => device.device === 'device-7')).toEqual([]);

  let listed: readonly string[] = [];
  // The metric is ahead of the file.
  const list = async (): Promise<number> => {
    const { exited, stdout } = startApp('rollcall', ['journal', 'list', stage.journal]);
    expect(await exited()).toBe(0);
    listed = stdout;
    return listed.length;
  };
  await expect.poll(list).toBe(parked);
  for (const line of listed) expect(line).toMatch(/ parked .*\/device-7 .*amqp:not-allowed/);
  const retry = startApp('rollcall', ['journal', 'retry-parked', stage.journal, '--url', stage.networkUrl]);
  expect(await retry.exited()).toBe(1);
  expect(retry.stderr.join()).toContain('an adapter runs on it');

  // The network comes to its senses: a new start tries again.
  refusing = false;
  await stage.adapter.end('SIGTERM');
  await stage.adapter.start();
  await eventuallyNone(() => differences(record, fleet).filter((problem) => !isLate(problem)));
});

test('while a network refuses everything, devices connect, and readiness is DEGRADED and says why', async () => {
  const { peer, stage, record, fleet } = await givenANetworkThatDecides();
  peer.verdict = () => ({ rejected: 'amqp:not-allowed' });
  for (let index = 0; index < devices; index++) await fleet.connect(index);
  await eventuallyNone(async () =>
    (await stage.metric('rollcall_outbox_parked')) === devices ? [] : ['not all are parked'],
  );
  expect(fleet.open()).toHaveLength(devices);
  await expect
    .poll(() => stage.readiness())
    .toMatchObject({
      status: 'DEGRADED',
      checks: expect.arrayContaining([
        {
          name: 'delivery-to-events-sink',
          status: 'DEGRADED',
          code: 'TENANTS_REFUSED',
          reason: `events of 1 tenant are refused; ${devices} are parked`,
        },
      ]) as unknown,
    });
  expect(await stage.metric('rollcall_outbox_refusing_tenants')).toBe(1);
  const lines = stage.adapter.process.stdout.filter((line) => line.includes('amqp:not-allowed'));
  // One a minute: it may take longer than that until all are parked.
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(devices);

  peer.verdict = (message) => {
    record.accept(record.read(message));
    return 'accepted';
  };
  await fleet.connect(devices - 1);
  await eventuallyNone(async () => ((await stage.readiness()).status === 'UP' ? [] : ['still degraded']));
  // What it refused comes with the next start.
  await stage.adapter.end('SIGKILL');
  await stage.adapter.start();
  await eventuallyNone(() =>
    differences(record, fleet).filter((problem) => !problem.includes('out of order')),
  );
});

test('a tenant does not notice that a network takes the link of another tenant away, again and again', async () => {
  const { peer, record, fleet, churn } = await givenANetworkThatDecides();
  const churning = churn(4);
  for (let round = 0; round < rounds; round++) {
    await pause(500);
    // Sometimes it detaches the link, sometimes it also refuses to attach it.
    if (round % 2 === 0) peer.refused.set('event/umbrella', 'amqp:unauthorized-access');
    else peer.refused.clear();
    const detachedAt = Date.now();
    peer.detach('event/umbrella', 'amqp:link:detach-forced');
    // Whatever becomes of that link: the other tenant's events go on meanwhile.
    await expect
      .poll(() => record.events.some(({ at, device }) => device.tenant === 'acme' && at > detachedAt))
      .toBe(true);
  }
  peer.refused.set('event/umbrella', 'amqp:unauthorized-access');
  await churning.stop();
  const ofUmbrella = new Set(
    fleet.attempts.filter(({ tenant }) => tenant === 'umbrella').map(({ remoteId }) => remoteId),
  );
  await eventuallyNone(() =>
    differences(record, fleet).filter(
      (problem) => !problem.startsWith('umbrella/') && !ofUmbrella.has(problem.split(':', 1)[0] ?? ''),
    ),
  );
  peer.refused.clear();
  await eventuallyNone(() => differences(record, fleet));
});

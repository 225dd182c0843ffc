// Enters connections in a directory on redis-server, as an adapter does: claims.mjs PORT. Asked with { from, count }.
import { randomUUID } from 'node:crypto';
import { deviceRef } from '@rollcall/core';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { anEvent } from '@rollcall/conformance';
import { redisFleet } from '@rollcall/directory-redis';
import { inParallel } from '../load/in-parallel.mjs';

const atATime = 100;
const port = Number(process.argv[2]);
const self = { type: 'hono-mqtt', id: 'mqtt-0', instance: randomUUID() };
const fleet = redisFleet({
  address: { kind: 'single', tls: false, hosts: [{ host: '127.0.0.1', port }], database: 0 },
  credentials: () => ({}),
  prefix: 'bench:',
});
const directory = await fleet.join({
  self,
  listener: {
    displaced() {},
    buried: () => randomUUID(),
    aliveAgain() {},
    epochSeen() {},
    announceAsked() {},
    leases: { heardElsewhere() {}, movedAway() {}, endedElsewhere() {} },
  },
  facts: { epoch: () => epochOf(Date.now()), unconfirmedSince: () => undefined },
  deadAfterMs: 10_000,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});

process.on('message', (/** @type {{ from: number, count: number }} */ asked) => void enter(asked));
process.send?.('ready');

/** @param {{ from: number, count: number }} asked */
async function enter({ from, count }) {
  // One that comes back from a pause is told again what is open, paced: that is not what is measured.
  const inTouch = async () => {
    while (directory.status !== 'in-touch') await new Promise((resolve) => setTimeout(resolve, 50));
  };
  let unknown = 0;
  await inParallel(count, atATime, async (index) => {
    await inTouch();
    const slot = `device-${from + index}`;
    const event = anEvent(randomUUID(), {
      connectionId: /** @type {import('@rollcall/core').ConnectionId} */ (randomUUID()),
      epoch: epochOf(Date.now()),
      device: deviceRef('bench', slot),
      adapter: self,
      slot,
      remoteId: slot,
    });
    if ((await directory.enter({ event, slot })) !== 'held') unknown += 1;
  });
  await inTouch();
  process.send?.({ unknown });
}

/** @param {number} atMs */
function epochOf(atMs) {
  return /** @type {import('@rollcall/core').Epoch} */ (atMs.toString(16).padStart(12, '0').padEnd(16, '0'));
}

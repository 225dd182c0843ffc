import { cut } from '../load/mqtt-device.mjs';
import { longestTurnOf, noteLongestTurn } from './longest-turns.mjs';
import { ask } from './start.mjs';

/**
 * Cuts all MQTT connections of an adapter at the same moment, and resolves when the consumer has the event of each. The operating system
 * reports them in one turn of the event loop, which has a row of its own in `connect`: it is no part of the longest turn.
 * @param {Awaited<ReturnType<typeof import('./stack.mjs').startStack>>} stack
 * @param {readonly import('../load/mqtt-device.mjs').Device[]} devices
 * @returns {Promise<number>} that turn, ms of CPU time
 */
export async function cutAll({ adapter, consumer, arrived }, devices) {
  await noteLongestTurn('mqtt adapter', adapter);
  await ask(consumer, { type: 'reset' });
  await cut(devices);
  await arrived('disconnected', devices.length);
  return (await longestTurnOf(adapter)) ?? Number.NaN;
}

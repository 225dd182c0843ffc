import { readFileSync } from 'node:fs';
import { measureCpu, treeOf } from '../measure/process-usage.mjs';
import { startStack } from './stack.mjs';
import { ask, startReady, stop } from './start.mjs';

/** Files that a process has open beside its connections. */
const otherFiles = 1_000;
/** One source address has ports for 28,000 connections (`net.ipv4.ip_local_port_range`). */
const mostOfOneAddress = 20_000;
const dayMs = String(24 * 3_600_000);

/** How many connections the limit of open files leaves to one process. */
export function mostConnections() {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(soft) - otherFiles;
}

/**
 * An adapter, and as many load processes as so many devices need, each with a source address of its own.
 * @param {'mqtt' | 'http'} protocol @param {number} devices @param {{ processes?: number }} [options] of the adapter
 */
export async function startManyDevices(protocol, devices, { processes = 1 } = {}) {
  const stack = await startStack(protocol, devices, {
    // Whoever is announced again meanwhile is no part of what an operation costs, nor is who left.
    ROLLCALL_CONNECTIONEVENTS_ANNOUNCEINTERVAL: dayMs,
    ...(protocol === 'http' && { ROLLCALL_LEASE_INTERVAL: dayMs, ROLLCALL_LEASE_MININTERVAL: dayMs }),
    ...(processes > 1 && { ROLLCALL_ADAPTER_PROCESSES: String(processes) }),
  });
  const each = protocol === 'http' ? devices : Math.min(mostConnections(), mostOfOneAddress);
  const loads = [];
  for (let first = 0; first < devices; first += each)
    loads.push(
      await startReady(`bench/processes/${protocol}-load.mjs`, [
        String(stack.port),
        `127.0.1.${loads.length + 1}`,
      ]),
    );
  const pids = { adapter: treeOf(stack.pids.adapter) };

  /** Has devices do something, and resolves when all have. @param {readonly number[]} indices @param {object} what */
  async function told(indices, what) {
    const parts = Map.groupBy(indices, (index) => Math.floor(index / each));
    await Promise.all(
      [...parts].map(([place, some]) => {
        const load = loads[place];
        return load && ask(load.child, { ...what, indices: some });
      }),
    );
  }

  return {
    stack,
    told,
    /**
     * What the adapter uses for it, µs of CPU time for each of so many operations.
     * @param {number} operations @param {() => Promise<void>} work
     */
    async cost(operations, work) {
      const { cpuMs } = await measureCpu(pids, work);
      return (cpuMs.adapter * 1_000) / operations;
    },
    /** Until the events of so many devices are at the consumer, beside those before. @param {'connected' | 'disconnected'} what */
    arrived: (/** @type {'connected' | 'disconnected'} */ what, /** @type {number} */ count) =>
      stack.arrived(what, count),
    reset: () => ask(stack.consumer, { type: 'reset' }),
    async stop() {
      for (const { child } of loads) await stop(child);
      await stack.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startManyDevices>>} ManyDevices */

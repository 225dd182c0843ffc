import { Counter, type Registry } from 'prom-client';
import type { AdapterObserver } from '@rollcall/adapter-kit';
import type { RefusalReason } from '@rollcall/access';
import { unknownTenant } from './unknown-tenant.ts';

/** Hono's `outcome` tag of `hono.connections.attempts` (`docs/hono-compatibility.md` §9). */
const attemptOutcomes: Readonly<Record<RefusalReason | 'succeeded', string>> = {
  succeeded: 'succeeded',
  'bad-credentials': 'unauthorized',
  throttled: 'unauthorized',
  'tenant-disabled': 'unauthorized',
  'adapter-disabled': 'adapter-disabled',
  'device-not-registered': 'registration-assertion-failure',
  'tenant-connections-exceeded': 'tenant-connections-exceeded',
  'adapter-connections-exceeded': 'adapter-connections-exceeded',
  'device-connections-exceeded': 'device-connections-exceeded',
  busy: 'unavailable',
  unavailable: 'unavailable',
};

/** Attempts of devices to connect. */
export function createAttemptMetrics(registry: Registry): Pick<AdapterObserver, 'attempted'> {
  const registers = [registry];
  const attempts = new Counter({
    name: 'hono_connections_attempts_total',
    help: 'Attempts of devices to connect, by outcome',
    labelNames: ['tenant', 'outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'rollcall_logins_refused_total',
    help: 'Devices that were refused, by cause: more than they are told',
    labelNames: ['cause'],
    registers,
  });
  return {
    attempted({ outcome, cause, device }) {
      attempts.inc({ tenant: device?.tenant ?? unknownTenant, outcome: attemptOutcomes[outcome] });
      if (cause !== undefined) refusals.inc({ cause });
    },
  };
}

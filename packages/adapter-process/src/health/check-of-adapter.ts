import type { HealthCheck } from './health-json.ts';

/** Whether the adapter itself can serve devices: not while it starts or stops. */
export function checkOfAdapter(runs: boolean): HealthCheck {
  const name = 'protocol-adapter';
  return runs
    ? { name, status: 'UP' }
    : { name, status: 'DOWN', code: 'ADAPTER_NOT_RUNNING', reason: 'the adapter starts or stops' };
}

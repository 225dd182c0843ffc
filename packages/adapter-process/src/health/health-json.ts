import type { ReadinessCause } from '../messages/readiness-causes.ts';

export interface HealthCheck {
  readonly name: string;
  /** `DEGRADED`: works, but something it needs is away; still ready. */
  readonly status: 'UP' | 'DEGRADED' | 'DOWN';
  /** Why it is not `UP`, see `docs/errors.md`. */
  readonly code?: ReadinessCause;
  /** The same, for people. */
  readonly reason?: string;
}

/** What a probe is answered: 200 while nothing is down, else 503. */
export function healthJson(checks: readonly HealthCheck[]): {
  readonly status: 200 | 503;
  readonly text: string;
} {
  const worst = (['DOWN', 'DEGRADED', 'UP'] as const).find((status) =>
    checks.some((check) => check.status === status),
  );
  return {
    status: worst === 'DOWN' ? 503 : 200,
    text: JSON.stringify({ status: worst ?? 'UP', checks }),
  };
}

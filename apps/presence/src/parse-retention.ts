import type { ConfigProblem } from '@rollcall/core';
import type { KeptHistory } from './store/presence-store.ts';

const dayMs = 86_400_000;

interface RetentionValues {
  readonly retentionDays: number;
  readonly tenantRetention: Readonly<Record<string, string>> | undefined;
}

/** Reads the options about retention, and reports their problems. */
export function parseRetention({ retentionDays, tenantRetention = {} }: RetentionValues): {
  readonly retention: KeptHistory;
  readonly problems: readonly ConfigProblem[];
} {
  const entries = Object.entries(tenantRetention).map(([tenant, days]) => ({
    tenant,
    days: /^\d{1,5}$/.test(days) ? Number(days) : 0,
  }));
  return {
    retention: {
      defaultMs: retentionDays * dayMs,
      tenantMs: new Map(entries.map(({ tenant, days }) => [tenant, days * dayMs])),
    },
    problems: entries
      .filter(({ days }) => days < 1 || days > 36_500)
      .map(({ tenant }) => ({
        code: 'OPTION_MALFORMED',
        text: `ROLLCALL_PRESENCE_TENANTRETENTION: ${tenant} must have days from 1 to 36500`,
      })),
  };
}

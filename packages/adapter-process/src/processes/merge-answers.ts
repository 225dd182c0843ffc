import type { HealthCheck } from '../health/health-json.ts';

/** What one process says of itself. */
export interface ProcessAnswer {
  /** E.g. `0`. */
  readonly process: string;
  /** `restarting`: it was ready once, and ended. `silent`: it does not answer. */
  readonly state: 'answered' | 'starting' | 'restarting' | 'silent';
  readonly checks: readonly HealthCheck[];
}

const worstFirst = ['DOWN', 'DEGRADED', 'UP'] as const;

/** One check of each name: the worst of all processes, which says whose it is. */
export function mergeChecks(answers: readonly ProcessAnswer[]): readonly HealthCheck[] {
  const worst = new Map<string, HealthCheck>();
  const servesAny = answers.some(({ state }) => state === 'answered');
  for (const answer of answers)
    for (const check of checksOf(answer, servesAny)) {
      const before = worst.get(check.name);
      if (before && worstFirst.indexOf(before.status) <= worstFirst.indexOf(check.status)) continue;
      const { reason } = check;
      worst.set(check.name, {
        ...check,
        ...(reason !== undefined && { reason: `process ${answer.process}: ${reason}` }),
      });
    }
  return [...worst.values()];
}

function checksOf({ state, checks }: ProcessAnswer, servesAny: boolean): readonly HealthCheck[] {
  const name = 'protocol-adapter';
  switch (state) {
    case 'answered':
      return checks;
    case 'restarting':
      // The others get its devices meanwhile.
      return [
        {
          name,
          status: servesAny ? 'DEGRADED' : 'DOWN',
          code: 'PROCESS_RESTARTING',
          reason: 'it ended, and is started again',
        },
      ];
    case 'silent':
      return [{ name, status: 'DOWN', code: 'PROCESS_SILENT', reason: 'it does not answer' }];
    default:
      return [{ name, status: 'DOWN', code: 'ADAPTER_NOT_RUNNING', reason: 'it starts' }];
  }
}

/** Metrics of all processes in the Prometheus text format: each series with a label `process`, each family once. */
export function mergeMetrics(texts: readonly { readonly process: string; readonly text: string }[]): string {
  const families = new Map<string, { readonly head: string[]; readonly series: string[] }>();
  for (const { process, text } of texts) {
    let family: { readonly head: string[]; readonly series: string[] } | undefined;
    let isFirst = false;
    for (const line of text.split('\n')) {
      if (line.startsWith('# HELP ') || line.startsWith('# TYPE ')) {
        const name = line.split(' ', 3)[2] ?? '';
        family = families.get(name);
        if (!family) {
          families.set(name, (family = { head: [], series: [] }));
          isFirst = true;
        } else if (line.startsWith('# HELP ')) isFirst = false;
        if (isFirst) family.head.push(line);
      } else if (line !== '' && !line.startsWith('#')) family?.series.push(withLabel(line, process));
    }
  }
  return [...families.values()].map(({ head, series }) => `${[...head, ...series].join('\n')}\n`).join('\n');
}

function withLabel(line: string, process: string): string {
  const label = `process="${process}"`;
  const brace = line.indexOf('{');
  const space = line.indexOf(' ');
  if (brace === -1 || brace > space) return `${line.slice(0, space)}{${label}}${line.slice(space)}`;
  return `${line.slice(0, brace)}{${label},${line.slice(brace + 1)}`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, as the others here
import { registeredMetrics } from './registered-metrics.mjs';

// The dashboard and the alert rules in deploy/ ask for metrics that there are, in a form that Grafana and Prometheus read.

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly fields: ReadonlyMap<string, string>;
}

const dashboard = JSON.parse(read('deploy/grafana/rollcall.json')) as Dashboard;
const rules = readRules(read('deploy/prometheus/rollcall.rules.yml'));

const registered = (registeredMetrics as (root: string) => ReadonlySet<string>)(root);

/** The rules, by the two levels of indentation that this file has. Folded texts are one line. */
function readRules(yaml: string): readonly Rule[] {
  const unfolded = yaml.replaceAll(
    /: >-\n((?: {10,}.*\n)+)/g,
    (_all, lines: string) => `: ${lines.trim().replaceAll(/\s*\n\s+/g, ' ')}\n`,
  );
  return unfolded
    .split(/^ {6}- /m)
    .slice(1)
    .map((text) => {
      const fields = new Map(
        [...text.matchAll(/^\s*([a-z]+): (.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
      );
      return { alert: fields.get('alert') ?? '', expr: fields.get('expr') ?? '', fields };
    });
}

function metricsIn(expr: string): readonly string[] {
  return expr.match(/\b(?:hono|rollcall)_[a-z_]+/g) ?? [];
}

/** A histogram has more than its name. */
function isRegistered(name: string): boolean {
  return registered.has(name) || registered.has(name.replace(/_(?:bucket|sum|count)$/, ''));
}

/** Parentheses, brackets and quotes that are closed in their order. */
function isBalanced(expr: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  for (const sign of expr.replaceAll(/"[^"]*"/g, '')) {
    if ('([{'.includes(sign)) open.push(sign);
    else if (sign in pairs && open.pop() !== pairs[sign]) return false;
  }
  return open.length === 0 && (expr.match(/"/g) ?? []).length % 2 === 0;
}

const asked = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
];

test('there is something to ask', () => {
  expect(registered.size).toBeGreaterThan(40);
  expect(rules.length).toBeGreaterThan(8);
  expect(asked.length).toBeGreaterThan(25);
});

test.each(asked)('%s asks for metrics that are registered: %s', (_what, expr) => {
  const names = metricsIn(expr);
  expect(names).not.toEqual([]);
  expect(names.filter((name) => !isRegistered(name))).toEqual([]);
  expect(isBalanced(expr)).toBe(true);
});

test('a metric that is not registered would be found, and so would a bracket that is open', () => {
  expect(metricsIn('sum(rollcall_no_such_thing) > hono_x')).toEqual(['rollcall_no_such_thing', 'hono_x']);
  expect(isRegistered('rollcall_no_such_thing')).toBe(false);
  expect(['sum(a', 'a[5m)', 'a{b="c}', 'sum(a[5m])'].map(isBalanced)).toEqual([false, false, false, true]);
});

describe('the alert rules', () => {
  test.each(rules)('$alert is a rule as Prometheus has them', ({ alert, expr, fields }) => {
    expect(alert).toMatch(/^Rollcall[A-Z][A-Za-z]+$/);
    expect(expr).toMatch(/[<>=]/);
    if (fields.has('for')) expect(fields.get('for')).toMatch(/^\d+[smh]$/);
    expect(['warning', 'critical']).toContain(fields.get('severity'));
    expect([fields.has('summary'), fields.has('description')]).toEqual([true, true]);
  });

  test('have a name of their own each', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('the dashboard', () => {
  test('has panels with ids of their own, which do not overlap', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const fields = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(fields).size).toBe(fields.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  test('has kinds of panels, units and thresholds as Grafana has them', () => {
    for (const { title, type, fieldConfig, targets = [] } of dashboard.panels) {
      expect([title, type]).toEqual([title, expect.stringMatching(/^(?:row|stat|timeseries|bargauge)$/)]);
      if (type === 'row') continue;
      const { unit, thresholds } = fieldConfig?.defaults ?? {};
      expect([title, unit]).toEqual([title, expect.stringMatching(/^(?:short|s|eps)$/)]);
      // The first step has no beginning; each further one begins higher.
      const [first = null, ...further] = thresholds?.steps.map(({ value }) => value) ?? [];
      expect([title, first]).toEqual([title, null]);
      expect(further).toEqual(further.toSorted((one, other) => Number(one) - Number(other)));
      const refs = targets.map(({ refId }) => refId);
      expect([title, new Set(refs).size]).toEqual([title, refs.length]);
    }
  });

  test('asks with variables that it has', () => {
    const ofGrafana = ['__rate_interval', '__range', '__all', '__field'];
    const known = new Set([...ofGrafana, ...dashboard.templating.list.map(({ name }) => name)]);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});

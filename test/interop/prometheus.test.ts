import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MqttClient } from 'mqtt';
import { chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../e2e/support/ports.ts';
import { startUp, type RunningUp } from '../e2e/support/up.ts';
import { churnOf, connect, type Churn } from './churn.ts';
import { indexedPng } from './indexed-png.ts';
import {
  answerPanels,
  pageOfPanels,
  type AnsweredPanel,
  type Dashboard,
  type Range,
  type Series,
} from './dashboard-picture.ts';

// The dashboard and the alert rules, asked by the Prometheus of Debian (package `prometheus`) of everything that `npm start` runs. Left
// out where there is none, as are other peers that are not installed.

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const prometheus = '/usr/bin/prometheus';
const promtool = '/usr/bin/promtool';
const executablePath = '/usr/bin/chromium';
const picture = fileURLToPath(new URL('../../docs/pictures/dashboard.png', import.meta.url));
const makesPictures = process.env['ROLLCALL_PICTURES'] !== undefined;
const patience = { timeout: 240_000, interval: 500 };

const dashboard = JSON.parse(readFileSync(join(deploy, 'grafana/rollcall.json'), 'utf8')) as Dashboard;
/** An expression as Grafana asks it, of all jobs. */
function asAsked(expr: string, rangeS: number): string {
  return expr
    .replaceAll('$job', '.*')
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', `${rangeS}s`);
}

const asked = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

describe.runIf(existsSync(promtool))('promtool', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(promtool, args, { encoding: 'utf8', timeout: 60_000 });

  test('takes the alert rules', () => {
    const { status, stdout, stderr } = run('check', 'rules', join(deploy, 'prometheus/rollcall.rules.yml'));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/SUCCESS: 10 rules found/);
  });

  test('sees each alert fire, and stop', () => {
    const file = join(deploy, 'prometheus/rollcall.rules.test.yml');
    const { status, stdout, stderr } = run('test', 'rules', file);
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS') as string]);
    const tested = readFileSync(file, 'utf8');
    const rules = readFileSync(join(deploy, 'prometheus/rollcall.rules.yml'), 'utf8');
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    for (const alert of alerts)
      expect(tested).toMatch(new RegExp(`alertname: ${alert}\\n        exp_alerts:`));
  });
});

describe.runIf(existsSync(prometheus))('a Prometheus that scrapes everything', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-prometheus-'));
  const port = freePort();
  let up: RunningUp;
  let clients: readonly MqttClient[] = [];
  let healthPorts: readonly number[] = [];
  let churn: Churn | undefined;
  let ticks: ReturnType<typeof setInterval> | undefined;
  let child: ReturnType<typeof spawn> | undefined;

  beforeAll(async () => {
    up = await startUp();
    healthPorts = await healthPortsOf(up);
    writeFileSync(join(directory, 'prometheus.yml'), configuration(healthPorts));
    child = spawn(
      prometheus,
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    clients = await acts(up);
    const acting = churnOf(up);
    churn = acting;
    // How long an event takes is known while there are events.
    ticks = setInterval(() => void acting.tick(), 1_000);
  }, 300_000);
  afterAll(async () => {
    for (const client of clients) client.end(true);
    clearInterval(ticks);
    churn?.end();
    child?.kill('SIGKILL');
    await up.cleanUp();
    rmSync(directory, { recursive: true, force: true });
  });

  async function get<Answer>(path: string, query: Readonly<Record<string, string>>): Promise<Answer> {
    const response = await fetch(
      `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(query).toString()}`,
    );
    const answer = (await response.json()) as { readonly data: Answer; readonly error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.data;
  }

  test('finds the metrics of each of them in a form that it likes', async () => {
    const targets = async () =>
      (
        await get<{
          readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
        }>('targets', {})
      ).activeTargets.map(({ health, lastError }) => [health, lastError]);
    await expect
      .poll(targets, patience)
      .toEqual(Array.from({ length: healthPorts.length }, () => ['up', '']));
    for (const healthPort of healthPorts) {
      const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
      const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], {
        input: metrics,
        encoding: 'utf8',
      });
      // Names that Hono gave its metrics are not those that a linter would choose: then it says 3, and 1 where it cannot read.
      expect([healthPort, status === 1 ? stderr : '']).toEqual([healthPort, '']);
    }
  });

  test.each(asked)('panel %s has data: %s', async (_title, expr) => {
    const query = asAsked(expr, 3_600);
    const values = async () =>
      (
        await get<{ readonly result: readonly { readonly value: readonly [number, string] }[] }>('query', {
          query,
        })
      ).result.filter(({ value: [, text] }) => text !== 'NaN').length;
    await expect.poll(values, patience).toBeGreaterThan(0);
  });

  test.runIf(existsSync(executablePath))(
    'each panel is drawn from its file and the answers',
    async () => {
      const watching = new AbortController();
      onTestFinished(() => watching.abort());
      void fetch(`http://127.0.0.1:${8_090 + up.offset}/v1/tenants/DEFAULT_TENANT/watch`, {
        signal: watching.signal,
      }).catch(() => {});
      if (makesPictures)
        await expect.poll(scrapes, { timeout: 600_000, interval: 5_000 }).toBeGreaterThan(110);
      let panels: readonly AnsweredPanel[] = [];
      const withoutData = async () => {
        const end = Math.floor(Date.now() / 1_000);
        const range = { start: end - (makesPictures ? 220 : 20), end, step: 2 };
        panels = await answerPanels(dashboard, range, (expr) => seriesOf(expr, range));
        return panels.flatMap(({ type, title, series }) =>
          type !== 'row' && series.length === 0 ? [title] : [],
        );
      };
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
      onTestFinished(() => browser.close());
      let page: Page | undefined;
      /** In a page of its own each time: what a script declared stays in a page when its content is set anew. */
      const seen = async () => {
        await page?.close();
        const drawn = (page = await browser.newPage({ viewport: { width: 900, height: 400 } }));
        const mistakes: string[] = [];
        drawn.on('pageerror', (error) => mistakes.push(error.message));
        const lacking = await withoutData();
        await drawn.setContent(pageOfPanels(panels), { timeout: 120_000 });
        const reasons = await drawn.locator('.bargauge .name').allTextContents();
        const numbers = await drawn.locator('.stat .number').allTextContents();
        return {
          lacking,
          mistakes,
          titles: await drawn.locator('.panel:not(.row) h2').allTextContents(),
          noData: await drawn.getByText('No data').count(),
          canvases: await drawn.locator('canvas').count(),
          someWereLost: reasons.includes('connection-lost'),
          someAreConnected: Number(numbers[0]) > 0,
        };
      };
      const expected = dashboard.panels.filter(({ type }) => type !== 'row');
      // A counter that began a moment ago has not increased yet, and what is asked next is a moment later.
      await expect.poll(seen, patience).toEqual({
        lacking: [],
        mistakes: [],
        titles: expected.map(({ title }) => title),
        noData: 0,
        canvases: expected.filter(({ type }) => type !== 'bargauge').length,
        someWereLost: true,
        someAreConnected: true,
      });
      if (makesPictures && page) {
        const bytes = indexedPng(await page.screenshot({ fullPage: true }));
        expect(bytes.length).toBeLessThan(60_000);
        writeFileSync(picture, bytes);
      }
    },
    900_000,
  );

  async function seriesOf(expr: string, { start, end, step }: Range): Promise<readonly Series[]> {
    const query = asAsked(expr, end - start);
    const text = { query, start: String(start), end: String(end), step: String(step) };
    return (await get<{ readonly result: readonly Series[] }>('query_range', text)).result;
  }

  /** How often each target was asked. */
  async function scrapes(): Promise<number> {
    const query = 'min(count_over_time(up[1h]))';
    const { result } = await get<{
      readonly result: readonly { readonly value: readonly [number, string] }[];
    }>('query', { query });
    return Number(result[0]?.value[1] ?? 0);
  }

  test('the variable of the dashboard finds adapters and services', async () => {
    const [, match = ''] = /label_values\((.+), job\)/.exec(JSON.stringify(dashboard.templating)) ?? [];
    const series = await get<readonly Readonly<Record<string, string>>[]>('series', {
      'match[]': match.replaceAll('\\"', '"'),
    });
    expect(new Set(series.map((each) => each['component_type']))).toEqual(new Set(['adapter', 'service']));
    expect(new Set(series.map(({ job }) => job))).toEqual(new Set(['rollcall']));
  });

  test('it has taken the alert rules, and can compute each', async () => {
    const health = async () =>
      (
        await get<{
          readonly groups: readonly {
            readonly rules: readonly { readonly name: string; readonly health: string }[];
          }[];
        }>('rules', {})
      ).groups.flatMap(({ rules }) => rules.map((rule) => rule.health));
    await expect.poll(health, patience).toEqual(Array.from({ length: 10 }, () => 'ok'));
  });
});

/** Of the adapters, the presence service and the device registry, as `npm start` says them. */
async function healthPortsOf({ process }: RunningUp): Promise<readonly number[]> {
  const line = await process.line((each) => each.includes('health and metrics'), 'where health is');
  return [...line.matchAll(/:(\d{4,5})\b/g)].map(([, text]) => Number(text));
}

function configuration(ports: readonly number[]): string {
  const targets = ports.map((each) => `"127.0.0.1:${each}"`).join(', ');
  return `global: { scrape_interval: 2s, evaluation_interval: 2s }
rule_files: [${join(deploy, 'prometheus/rollcall.rules.yml')}]
scrape_configs:
  - job_name: rollcall
    static_configs: [{ targets: [${targets}] }]
`;
}

/** What each panel shows something of: devices that stay, leave and are lost, and a login that is refused. */
async function acts(up: RunningUp): Promise<readonly MqttClient[]> {
  const stays = await connect(up, 'stays');
  stays.on('error', () => {});
  await expect(connect(up, 'refused', 'guess')).rejects.toThrow(Error);
  await (await connect(up, 'leaves')).endAsync();
  const lost = await connect(up, 'lost');
  lost.on('error', () => {});
  lost.stream.destroy();
  await up.untilEvents(5);
  return [stays];
}

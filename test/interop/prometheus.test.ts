import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../e2e/support/ports.ts';
import { startUp, type RunningUp } from '../e2e/support/up.ts';

// The dashboard and the alert rules, asked by the Prometheus of Debian (package `prometheus`) of everything that `npm start` runs. Left
// out where there is none, as are other peers that are not installed.

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const prometheus = '/usr/bin/prometheus';
const promtool = '/usr/bin/promtool';
const patience = { timeout: 60_000, interval: 500 };

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

const dashboard = JSON.parse(readFileSync(join(deploy, 'grafana/rollcall.json'), 'utf8')) as Dashboard;
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
  let churn: ReturnType<typeof setInterval> | undefined;
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
    churn = setInterval(() => void comesAndGoes(up), 1_000);
  }, 300_000);
  afterAll(async () => {
    for (const client of clients) client.end(true);
    clearInterval(churn);
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
    const query = expr.replaceAll('$job', '.*').replaceAll('$__rate_interval', '1m');
    const values = async () =>
      (
        await get<{ readonly result: readonly { readonly value: readonly [number, string] }[] }>('query', {
          query,
        })
      ).result.filter(({ value: [, text] }) => text !== 'NaN').length;
    await expect.poll(values, patience).toBeGreaterThan(0);
  });

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
  return `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${join(deploy, 'prometheus/rollcall.rules.yml')}]
scrape_configs:
  - job_name: rollcall
    static_configs: [{ targets: [${targets}] }]
`;
}

const connect = (up: RunningUp, clientId: string, password = 'hono-secret'): Promise<MqttClient> =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, {
    ...{ username: 'sensor1@DEFAULT_TENANT', password, clientId, reconnectPeriod: 0, protocolVersion: 5 },
  });

/** How long an event takes is known while there are events. One that is not let in any more comes at the end of the test. */
async function comesAndGoes(up: RunningUp): Promise<void> {
  const client = await connect(up, 'comes-and-goes').catch(() => undefined);
  client?.on('error', () => {});
  client?.end(true);
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

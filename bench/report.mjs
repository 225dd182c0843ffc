import { cpus, release } from 'node:os';

/**
 * What a scenario found.
 * @typedef {object} Finding
 * @property {string} what
 * @property {Record<string, number>} figures
 * @property {{ name: string, value: number | string, aim?: number }} ratio the figure that counts, or why there is none; with an
 *   aim it should be at most that
 */

/** Facts about the machine that figures need, and nothing that names it. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    system: `${process.platform} ${release()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/**
 * Findings as a Markdown table.
 * @param {readonly Finding[]} findings
 */
export function table(findings) {
  const rows = findings.map(({ what, figures, ratio }) => {
    const all = Object.entries(figures).map(([name, value]) => `${name}: ${round(value)}`);
    const aim = ratio.aim === undefined ? '' : `≤ ${ratio.aim}`;
    const { aim: limit, value } = ratio;
    const reached = limit === undefined || typeof value === 'string' ? '' : value <= limit ? 'yes' : 'no';
    const figure = typeof value === 'string' ? `not measured: ${value}` : `**${round(value)}**`;
    return `| ${what} | ${all.join('; ')} | ${ratio.name}: ${figure} | ${aim} | ${reached} |`;
  });
  return ['| what | figures | ratio | aim | reached |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** @param {number} value */
function round(value) {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : Number(value.toPrecision(3)).toString();
}

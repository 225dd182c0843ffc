import { cpus, release } from 'node:os';

/**
 * What a scenario found.
 * @typedef {object} Finding
 * @property {string} what
 * @property {Record<string, number>} figures
 * @property {Ratio} ratio the figure that counts
 * @property {string} [lacks] what the other one, beside which it was measured, does not do
 * @property {{ series: string, x: number }} [point] where the figure stands in a chart
 */

/**
 * @typedef {object} Ratio
 * @property {string} name
 * @property {number | string} value or why there is none
 * @property {number} [aim] it should be at most that
 * @property {number} [atLeast] it should be at least that
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
  const rows = findings.map(({ what, figures, ratio, lacks }) => {
    const all = Object.entries(figures).map(([name, value]) => `${name}: ${round(value)}`);
    const { value } = ratio;
    const figure = typeof value === 'string' ? `not measured: ${value}` : `**${round(value)}**`;
    const whole = lacks === undefined ? what : `${what}. It ${lacks}`;
    return `| ${whole} | ${all.join('; ')} | ${ratio.name}: ${figure} | ${aimOf(ratio)} |`;
  });
  return ['| what | figures | ratio | aim | reached |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** The aim, and whether it is reached. @param {Ratio} ratio */
function aimOf({ value, aim, atLeast }) {
  const reached = (holds) => (typeof value === 'string' ? '' : holds ? 'yes' : 'no');
  if (aim !== undefined) return `≤ ${aim} | ${reached(value <= aim)}`;
  if (atLeast !== undefined) return `≥ ${atLeast} | ${reached(value >= atLeast)}`;
  return ' | ';
}

/** @param {number} value */
function round(value) {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : Number(value.toPrecision(3)).toString();
}

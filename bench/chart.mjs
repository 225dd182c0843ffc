/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {{ x: number, y: number }} Point */

const size = { width: 720, height: 340 };
/** Room for what is written around the lines. */
const plot = { left: 56, right: 500, top: 44, bottom: 290 };
/** Of lines, in their order: told from each other by those who see fewer colours too, and on light and dark ground. */
const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#56a0d3'];
const marks = ['0', '6 3', '2 3', '8 3 2 3', '12 4', '1 2'];
const lowest = 0.8;

/**
 * What an operation costs with more devices, times what it costs with the fewest: a line for each series, as SVG.
 * @param {readonly Finding[]} findings those with a point count
 * @param {{ title: string, aim: number }} options
 */
export function growthChart(findings, { title, aim }) {
  const series = seriesOf(findings);
  const all = [...series.values()].flat();
  const xs = [...new Set(all.map(({ x }) => x))].toSorted((one, other) => one - other);
  const [first = 1] = xs;
  const last = xs.at(-1) ?? first;
  // A tenth more than the greatest, so that nothing stands on the edge.
  const highest = Math.ceil((Math.max(aim, ...all.map(({ y }) => y)) + 0.1) * 10) / 10;
  const scale = {
    x: (/** @type {number} */ x) =>
      plot.left + (Math.log(x / first) / (Math.log(last / first) || 1)) * (plot.right - plot.left),
    y: (/** @type {number} */ y) =>
      plot.bottom - ((Math.max(y, lowest) - lowest) / (highest - lowest)) * (plot.bottom - plot.top),
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    style,
    `<text class="head" x="${plot.left}" y="24">${escaped(title)}</text>`,
    ...grid(scale, xs, highest),
    `<line class="aim" x1="${plot.left}" x2="${plot.right}" y1="${at(scale.y(aim))}" y2="${at(scale.y(aim))}"/>`,
    `<text x="${plot.left + 6}" y="${at(scale.y(aim) - 4)}">aim: at most ${aim}</text>`,
    ...[...series].flatMap(([name, points], place) => line(scale, name, points, place)),
    '</svg>',
    '',
  ].join('\n');
}

/** Readable on a light and on a dark page. */
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f } .head { font-weight: 600 }
.grid { stroke: #8884; stroke-width: 1 } .aim { stroke: #888; stroke-width: 1.5; stroke-dasharray: 4 4 }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
</style>`;

/** @param {readonly Finding[]} findings @returns {Map<string, Point[]>} */
function seriesOf(findings) {
  /** @type {Map<string, Point[]>} */
  const series = new Map();
  for (const { point, ratio } of findings)
    if (point !== undefined && typeof ratio.value === 'number')
      series.set(point.series, [...(series.get(point.series) ?? []), { x: point.x, y: ratio.value }]);
  return series;
}

/** @typedef {{ x(x: number): number, y(y: number): number }} Scale */

/** @param {Scale} scale @param {readonly number[]} xs @param {number} highest */
function grid(scale, xs, highest) {
  const ys = Array.from(
    { length: Math.round((highest - lowest) * 10) + 1 },
    (_, place) => lowest + place / 10,
  );
  // At most eight lines.
  const every = Math.ceil(ys.length / 8);
  return [
    ...ys
      .filter((_, place) => place % every === 0)
      .flatMap((y) => [
        `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${at(scale.y(y))}" y2="${at(scale.y(y))}"/>`,
        `<text x="${plot.left - 8}" y="${at(scale.y(y) + 4)}" text-anchor="end">${y.toFixed(1)}</text>`,
      ]),
    ...xs.flatMap((x) => [
      `<line class="grid" x1="${at(scale.x(x))}" x2="${at(scale.x(x))}" y1="${plot.top}" y2="${plot.bottom}"/>`,
      `<text x="${at(scale.x(x))}" y="${plot.bottom + 18}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
    ]),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 38}" text-anchor="middle">devices</text>`,
  ];
}

/** @param {Scale} scale @param {string} name @param {readonly Point[]} points @param {number} place */
function line(scale, name, points, place) {
  const color = colors[place % colors.length];
  const stroke = `stroke="${color}" stroke-dasharray="${marks[place % marks.length]}"`;
  const corners = points.map(({ x, y }) => `${at(scale.x(x))},${at(scale.y(y))}`);
  const y = plot.top + 8 + place * 20;
  return [
    `<polyline class="line" ${stroke} points="${corners.join(' ')}"/>`,
    ...points.map(
      (point) => `<circle cx="${at(scale.x(point.x))}" cy="${at(scale.y(point.y))}" r="3" fill="${color}"/>`,
    ),
    `<line class="line" ${stroke} x1="${plot.right + 8}" x2="${plot.right + 32}" y1="${y}" y2="${y}"/>`,
    `<text x="${plot.right + 38}" y="${y + 4}">${escaped(name)}</text>`,
  ];
}

/** @param {number} value */
function at(value) {
  return Number(value.toFixed(1));
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/* global document, uPlot -- runs in a browser, behind uPlot */

// Draws the panels of a dashboard, as dashboard-picture.ts has read them. It is no Grafana: what stands in the dashboard's file is
// to be seen, and what Prometheus answered.

const palette = ['#3d8f4b', '#c69214', '#3b73c8', '#d9662b', '#8d5cb8', '#c4304b', '#2a9aa0', '#7a7f36'];
const thresholdColors = { green: '#3d8f4b', orange: '#d9662b', red: '#c4304b' };
const quiet = '#5f6670';

const plain = (value) => String(Number(value.toPrecision(3)));
const units = {
  short: (value) => (value >= 1_000 ? `${plain(value / 1_000)} K` : plain(value)),
  s: (value) => (value !== 0 && value < 1 ? `${plain(value * 1_000)} ms` : `${plain(value)} s`),
  eps: (value) => `${plain(value)} eps`,
};

function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** The color of the last threshold that is reached. */
function thresholdColor(steps, value) {
  const reached = steps.findLast((step) => step.value === null || value >= step.value);
  return thresholdColors[reached?.color] ?? palette[0];
}

const lastOf = (values) => values.findLast((value) => value !== null);

const drawers = {
  row() {},
  stat(body, { unit, steps, times, series }) {
    const value = lastOf(series[0].values);
    const color = thresholdColor(steps, value);
    const number = element('b', 'number', units[unit](value));
    number.style.color = color;
    body.append(number);
    plot(body, [times, series[0].values], {
      height: 40,
      axes: [{ show: false }, { show: false }],
      scales: { y: { range: (_plot, _min, max) => [0, max || 1] } },
      series: [{}, lineOf(color, 0.15)],
    });
  },
  bargauge(body, { unit, series }) {
    const most = Math.max(...series.map(({ values }) => lastOf(values)));
    for (const { name, values } of series) {
      const line = element('div', 'bar');
      const bar = element('i', '');
      bar.style.width = `${(lastOf(values) / most) * 100}%`;
      const track = element('span', 'track');
      track.append(bar);
      line.append(
        element('span', 'name', name),
        track,
        element('b', '', units[unit](Math.round(lastOf(values)))),
      );
      body.append(line);
    }
  },
  timeseries(body, { unit, times, series, isStacked, fill }) {
    const heights = isStacked ? stacked(series) : series.map(({ values }) => values);
    const legend = element('div', 'legend');
    for (const [at, { name }] of series.entries()) {
      const mark = element('i', '');
      mark.style.background = palette[at % palette.length];
      const entry = element('span', '');
      entry.append(mark, name);
      legend.append(entry);
    }
    body.append(legend);
    const axis = {
      stroke: quiet,
      font: '10px sans-serif',
      grid: { stroke: '#e4e6e9', width: 1 },
      ticks: { show: false },
    };
    plot(body, [times, ...heights], {
      height: body.clientHeight - legend.offsetHeight,
      axes: [
        { ...axis, grid: { show: false }, size: 20, space: 70, values: (_plot, at) => at.map(clock) },
        { ...axis, size: 52, space: 24, values: (_plot, at) => at.map(units[unit]) },
      ],
      scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      bands: isStacked ? series.slice(1).map((_series, at) => ({ series: [at + 2, at + 1] })) : [],
      series: [{}, ...series.map((_series, at) => lineOf(palette[at % palette.length], fill))],
    });
  },
};

const clock = (seconds) => new Date(seconds * 1_000).toISOString().slice(11, 19);

function lineOf(color, fill) {
  const opacity = Math.round(fill * 255)
    .toString(16)
    .padStart(2, '0');
  return { stroke: color, fill: `${color}${opacity}`, width: 1.5, points: { show: false } };
}

/** Each on top of those before. */
function stacked(series) {
  let below = series[0].values.map(() => 0);
  return series.map(({ values }) => (below = values.map((value, at) => below[at] + (value ?? 0))));
}

function plot(body, data, options) {
  const width = body.clientWidth;
  new uPlot({ width, legend: { show: false }, cursor: { show: false }, ...options }, data, body);
}

globalThis.drawPanels = (panels) => {
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    const box = element('section', `panel ${panel.type}`);
    box.style.gridArea = `${y + 1} / ${x + 1} / span ${h} / span ${w}`;
    const body = element('div', 'body');
    box.append(element('h2', '', panel.title), body);
    document.body.append(box);
    if (panel.series.length > 0) drawers[panel.type](body, panel);
    else if (panel.type !== 'row') body.append('No data');
  }
};

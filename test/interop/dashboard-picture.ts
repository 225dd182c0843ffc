import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What is read of a dashboard's file. */
export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

interface Panel {
  readonly type: 'row' | 'stat' | 'timeseries' | 'bargauge';
  readonly title: string;
  /** In 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly instant?: boolean;
  }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds?: {
        readonly steps: readonly { readonly color: string; readonly value: number | null }[];
      };
      /** `fillOpacity` in percent. */
      readonly custom?: { readonly fillOpacity: number; readonly stacking?: { readonly mode: string } };
    };
  };
}

/** One series of Prometheus' answer to `query_range`: pairs of seconds since 1970 and a number as text. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** The time that is drawn. All in seconds. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A panel with its answers, as draw-panels.mjs takes it. */
export type AnsweredPanel = Awaited<ReturnType<typeof answerPanels>>[number];

/** Asks for what each panel shows. @param ask gives the series of an expression in which the variables of the dashboard are replaced. */
export async function answerPanels(
  { panels }: Dashboard,
  range: Range,
  ask: (expr: string) => Promise<readonly Series[]>,
) {
  const count = Math.floor((range.end - range.start) / range.step) + 1;
  const times = Array.from({ length: count }, (_, at) => range.start + at * range.step);
  return Promise.all(
    panels.map(async ({ type, title, gridPos, targets = [], fieldConfig }) => {
      const { unit = 'short', thresholds, custom } = fieldConfig?.defaults ?? {};
      const answers = await Promise.all(
        targets.map(async ({ expr, legendFormat }) =>
          (await ask(expr)).map(({ metric, values }) => ({
            name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) => metric[label] ?? ''),
            values: onTimes(times, values),
          })),
        ),
      );
      return {
        ...{ type, title, gridPos, unit, times },
        steps: thresholds?.steps ?? [],
        isStacked: custom?.stacking?.mode === 'normal',
        fill: (custom?.fillOpacity ?? 0) / 100,
        series: answers.flat(),
      };
    }),
  );
}

/** `null` where there is no number. */
function onTimes(times: readonly number[], values: Series['values']): readonly (number | null)[] {
  const known = new Map(values.map(([at, text]) => [at, Number(text)]));
  return times.map((at) => {
    const value = known.get(at);
    return value === undefined || Number.isNaN(value) ? null : value;
  });
}

const ofPage = createRequire(new URL('../../apps/presence-page/package.json', import.meta.url));

/** A page that draws panels, with nothing of another host: the panels stand in it. */
export function pageOfPanels(panels: readonly AnsweredPanel[]): string {
  const uPlot = readFileSync(ofPage.resolve('uplot').replace(/[^/\\]+$/, 'uPlot.iife.min.js'), 'utf8');
  const drawing = readFileSync(fileURLToPath(new URL('draw-panels.mjs', import.meta.url)), 'utf8');
  const data = JSON.stringify(panels).replaceAll('<', '\\u003c');
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><body><script>${uPlot}</script>
<script>${drawing}
drawPanels(${data});</script>`;
}

const style = `
* { box-sizing: border-box }
body { margin: 8px; display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 19px; gap: 5px;
  background: #f4f5f6; color: #24292e; font: 11px sans-serif }
.panel { display: flex; flex-direction: column; min-width: 0; overflow: hidden; padding: 4px 8px; background: #fff;
  border: 1px solid #dcdfe3 }
.panel.row { padding: 0 2px; border: 0; background: none }
h2 { margin: 0; font-size: 11px; line-height: 18px }
.body { position: relative; flex: 1; min-height: 0 }
.number { font-size: 24px; line-height: 44px }
.legend { display: flex; flex-wrap: wrap; gap: 0 10px; position: absolute; bottom: 0; color: #5f6670 }
.legend i { display: inline-block; width: 10px; height: 3px; margin: 0 4px 3px 0 }
.bar { display: grid; grid-template-columns: 105px 1fr 32px; gap: 8px; align-items: center; line-height: 20px }
.bar b { text-align: right }
.track { height: 10px; background: #eceef0 }
.track i { display: block; height: 10px; background: #3d8f4b }
.u-wrap { position: relative } .uplot canvas { display: block; width: 100%; height: 100% }
.u-over, .u-under, .u-axis { position: absolute }
`;

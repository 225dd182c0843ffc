import type { Change } from '../logic/route.ts';

const spans = [
  [600, '10 min'],
  [3_600, '1 h'],
  [86_400, '24 h'],
  [604_800, '7 d'],
] as const;

export function Spans({ spanS, change }: { readonly spanS: number; readonly change: Change }) {
  return (
    <div class="spans" role="group" aria-label="How much of the past">
      {spans.map(([seconds, words]) => (
        <button
          key={seconds}
          type="button"
          aria-pressed={spanS === seconds}
          onClick={() => change({ spanS: seconds }, true)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}

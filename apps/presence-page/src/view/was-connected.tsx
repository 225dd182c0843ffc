import type { WasConnected as Answered } from '../logic/answers.ts';
import { becauseInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { useAsked } from './hooks.ts';
import { devicePath } from './service.ts';
import { Time, Zone } from './words.tsx';
import { times } from './zone.ts';

/** Asks whether a device was connected at a time, and shows the answer. */
export function WasConnected(given: {
  readonly tenant: string;
  readonly device: string;
  readonly route: Route;
  readonly change: Change;
  readonly nowMs: number;
}) {
  const { tenant, device, route, change, nowMs } = given;
  const { atMs } = route;
  const path =
    atMs === undefined ? undefined : devicePath(tenant, device, `/at?time=${new Date(atMs).toISOString()}`);
  const { answer, problem } = useAsked<Answered>(path, undefined);
  return (
    <section class="card" aria-label="Was it connected?">
      <h2>Was it connected at …?</h2>
      <form
        class="at"
        onSubmit={(event) => {
          event.preventDefault();
          const value = new FormData(event.currentTarget).get('time');
          const asked = typeof value === 'string' ? times().fromField(value) : Number.NaN;
          if (!Number.isNaN(asked)) change({ atMs: asked });
        }}
      >
        <input
          type="datetime-local"
          name="time"
          step={1}
          key={String(times().isUtc)}
          aria-label={`Time in ${times().zone(atMs ?? nowMs)}`}
          defaultValue={times().field(atMs ?? nowMs)}
          required
        />
        <button type="submit">Ask</button>
        <span class="hint">
          <Zone atMs={atMs ?? nowMs} />
        </span>
      </form>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <div role="status">{answer && <Answer answer={answer} nowMs={nowMs} />}</div>
    </section>
  );
}

const answers = { yes: 'Yes', no: 'No', uncertain: 'Not certain' } as const;

function Answer({ answer, nowMs }: { readonly answer: Answered; readonly nowMs: number }) {
  const { from, to } = answer.between ?? {};
  return (
    <p class={`answer ${answer.answer}`}>
      <b>{answers[answer.answer]}</b> <Time atMs={Date.parse(answer.time)} nowMs={nowMs} />.{' '}
      {becauseInWords(answer.because)}{' '}
      {(from !== undefined || to !== undefined) && (
        <>
          In question is the time
          {from !== undefined && (
            <>
              {' '}
              from <Time atMs={Date.parse(from)} nowMs={nowMs} />
            </>
          )}
          {to !== undefined && (
            <>
              {' '}
              to <Time atMs={Date.parse(to)} nowMs={nowMs} />
            </>
          )}
          .
        </>
      )}
    </p>
  );
}

import type { AsOf, Device } from '../logic/answers.ts';
import { durationInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { DeviceNow } from './device-now.tsx';
import { DevicePast } from './device-past.tsx';
import { useAsked, useNow } from './hooks.ts';
import { devicePath } from './service.ts';
import { WasConnected } from './was-connected.tsx';
import { Foreign } from './words.tsx';

interface Answered extends Device {
  readonly 'as-of': AsOf;
}

/** One device: what it is now, what it was, and why. */
export function DeviceView(given: {
  readonly tenant: string;
  readonly device: string;
  readonly route: Route;
  readonly change: Change;
}) {
  const { tenant, device, route, change } = given;
  const nowMs = useNow(1_000);
  const { answer, problem } = useAsked<Answered>(devicePath(tenant, device), 2_000);
  const lag = answer?.['as-of']['lag-ms'] ?? 0;
  return (
    <article class="device">
      <p class="back">
        <button class="link" type="button" onClick={() => change({ device: undefined, atMs: undefined })}>
          ← All devices
        </button>
      </p>
      <h1>
        <Foreign text={device} />
      </h1>
      {answer ? <DeviceNow device={answer} nowMs={nowMs} /> : <p class="now">…</p>}
      {problem !== undefined && (
        <p class="stream lost" role="status">
          <i aria-hidden="true" /> No answer: {problem}. Trying again. What you see is as it was.
        </p>
      )}
      {lag > 5_000 && (
        <p class="stream lags" role="status">
          <i aria-hidden="true" /> The service lags by {durationInWords(lag)}.
        </p>
      )}
      <DevicePast
        key={answer?.since ?? ''}
        {...given}
        nowMs={nowMs}
        knownMs={Date.parse(answer?.['as-of'].at ?? '') || nowMs}
      />
      <WasConnected tenant={tenant} device={device} route={route} change={change} nowMs={nowMs} />
    </article>
  );
}

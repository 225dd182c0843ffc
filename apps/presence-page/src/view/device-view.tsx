import { useEffect, useRef } from 'preact/hooks';
import type { AsOf, Device } from '../logic/answers.ts';
import type { Change, Route } from '../logic/route.ts';
import { DeviceNow } from './device-now.tsx';
import { DevicePast } from './device-past.tsx';
import { isFocusFree, useAsked, useNow } from './hooks.ts';
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
  /** From a list, and not by its address. */
  readonly isOpened: boolean;
}) {
  const { tenant, device, route, change, isOpened } = given;
  const nowMs = useNow(1_000);
  const { answer, problem } = useAsked<Answered>(devicePath(tenant, device), 2_000);
  const lag = answer?.['as-of']['lag-ms'] ?? 0;
  const heading = useRef<HTMLHeadingElement>(null);
  // Who came here from a list goes on from here: what had the focus is gone. At first, one begins above.
  useEffect(() => {
    if (isOpened && isFocusFree()) heading.current?.focus();
  }, []);
  return (
    <article class="device">
      <p class="back">
        <button class="link" type="button" onClick={() => change({ device: undefined, atMs: undefined })}>
          ← All devices
        </button>
      </p>
      <h1 ref={heading} tabIndex={-1}>
        <Foreign text={device} />
      </h1>
      {answer ? <DeviceNow device={answer} nowMs={nowMs} /> : <p class="now">…</p>}
      <div role="status">
        {problem !== undefined && (
          <p class="stream lost">
            <i aria-hidden="true" /> No answer: {problem}. Trying again. What you see is as it was.
          </p>
        )}
        {problem === undefined && lag > 5_000 && (
          <p class="stream lags">
            <i aria-hidden="true" /> The service lags: what happened of late is not shown yet.
          </p>
        )}
      </div>
      <DevicePast
        {...given}
        since={answer?.since}
        nowMs={nowMs}
        knownMs={Date.parse(answer?.['as-of'].at ?? '') || nowMs}
      />
      <WasConnected tenant={tenant} device={device} route={route} change={change} nowMs={nowMs} />
    </article>
  );
}

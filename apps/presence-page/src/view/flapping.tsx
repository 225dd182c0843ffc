import type { Summary } from '../logic/answers.ts';
import type { Change } from '../logic/route.ts';
import { DeviceLink } from './device-link.tsx';

const number = new Intl.NumberFormat('en');

/** Devices that come and go all the time. */
export function Flapping({
  tenant,
  summary,
  change,
}: {
  readonly tenant: string;
  readonly summary: Summary | undefined;
  readonly change: Change;
}) {
  const flapping = summary?.flapping ?? [];
  return (
    <section class="card" aria-label="Devices that flap">
      <h2>Devices that flap</h2>
      {flapping.length === 0 ? (
        <p class="hint">None has more than {summary?.['flaps-per-hour'] ?? 10} changes in the last hour.</p>
      ) : (
        <ul class="flapping">
          {flapping.slice(0, 20).map(({ device, changes }) => (
            <li key={device}>
              <DeviceLink
                class="link"
                {...{ tenant, device, spanS: 3_600 }}
                open={() => change({ device, spanS: 3_600 })}
              />
              <span>{number.format(changes)} changes in the last hour</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

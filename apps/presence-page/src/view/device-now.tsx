import type { Device } from '../logic/answers.ts';
import { basisInWords, durationInWords, reasonInWords } from '../logic/in-words.ts';
import { Foreign, StatusDot, Time } from './words.tsx';

/** What a device is now: its status, its connections, or how it left. */
export function DeviceNow({ device, nowMs }: { readonly device: Device; readonly nowMs: number }) {
  const { status, since, connections } = device;
  const ending = device['last-ending'];
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  return (
    <>
      <p class="now">
        <StatusDot status={status} />
        {sinceMs !== undefined && (
          <span>
            since <Time atMs={sinceMs} nowMs={nowMs} />, for {durationInWords(Math.max(0, nowMs - sinceMs))}
          </span>
        )}
        {status === 'unknown' && (
          <span>
            {connections.length > 0
              ? 'Its adapter reports nothing of it any more: it may be connected.'
              : 'Nothing is known of a device of this name.'}
          </span>
        )}
      </p>
      {status === 'offline' && ending && <Left ending={ending} nowMs={nowMs} />}
      {connections.map((connection) => (
        <dl class="facts" key={connection['connection-id']}>
          <Fact name="over">
            <Foreign text={connection.protocol} />
          </Fact>
          {connection['remote-address'] !== undefined && (
            <Fact name="from">
              <Foreign text={connection['remote-address']} />
            </Fact>
          )}
          <Fact name="as">
            <Foreign text={connection['remote-id']} />
          </Fact>
          <Fact name="known by">{basisInWords(connection.basis)}</Fact>
          <Fact name="adapter">
            <Foreign text={connection.adapter.id} />
          </Fact>
        </dl>
      ))}
    </>
  );
}

function Left({
  ending,
  nowMs,
}: {
  readonly ending: NonNullable<Device['last-ending']>;
  readonly nowMs: number;
}) {
  const between = ending['left-between'];
  const isExact = ending['uncertainty-ms'] === 0;
  return (
    <p class="left">
      It {reasonInWords(ending.reason).replace(/^its /, 'left: its ')}.{' '}
      {isExact ? (
        <>The time is known exactly.</>
      ) : (
        <>
          It really left between <Time atMs={Date.parse(between.from)} nowMs={nowMs} /> and{' '}
          <Time atMs={Date.parse(between.to)} nowMs={nowMs} />: that is as sure as its adapter can be.
        </>
      )}
    </p>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

import { printable } from '@rollcall/core/text';
import { useEffect, useState } from 'preact/hooks';
import { readRoute } from '../logic/route.ts';
import { Empty } from './empty.tsx';
import { DeviceView } from './device-view.tsx';
import { useAsked, useBefore, useRoute } from './hooks.ts';
import { service } from './service.ts';
import { TenantView } from './tenant-view.tsx';
import { useZone } from './zone.ts';
import { TokenForm } from './token-form.tsx';

interface Tenants {
  readonly tenants: readonly string[];
  readonly next?: string;
}

/** Everything, from the address of the page. */
export function Page() {
  const [route, change] = useRoute();
  const zone = useZone();
  const [wantsToken, setWantsToken] = useState(false);
  /** Grows with each token: all is asked again then. */
  const [again, setAgain] = useState(0);
  useEffect(() => service.onRefused(() => setWantsToken(true)), []);
  const [isEmpty, setEmpty] = useState(true);
  const { answer, problem } = useAsked<Tenants>(`v1/tenants?limit=1000#${again}`, isEmpty ? 1_000 : 10_000);
  const tenants = answer?.tenants ?? [];
  useEffect(() => setEmpty(tenants.length === 0), [tenants.length === 0]);
  const only = route.tenant ?? (tenants.includes('DEFAULT_TENANT') ? 'DEFAULT_TENANT' : tenants[0]);
  // What is opened or filtered from here belongs to this tenant, also for whoever gets the address.
  useEffect(() => {
    if (readRoute(location.hash).tenant === undefined && only !== undefined) change({ tenant: only }, true);
  }, [route.tenant, only]);

  const { device } = route;
  const { before, isFirst } = useBefore(device);
  useEffect(() => {
    document.title = `${device === undefined ? '' : `${printable(device)} – `}Rollcall presence`;
  }, [device]);

  if (wantsToken)
    return (
      <TokenForm
        isSecond={service.token !== undefined}
        use={(token) => {
          service.setToken(token);
          setWantsToken(false);
          setAgain(again + 1);
        }}
      />
    );
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}
      >
        To the devices
      </a>
      <header class="top">
        <a
          class="brand"
          href="#/"
          onClick={(event) => (event.preventDefault(), change({ ...nothing, tenant: only }))}
        >
          <span class="mark" aria-hidden="true" /> Rollcall
        </a>
        <TenantChoice tenants={tenants} tenant={only} choose={(tenant) => change({ ...nothing, tenant })} />
        <ZoneChoice {...zone} />
        {service.token !== undefined && (
          <button
            class="quiet"
            type="button"
            onClick={() => (service.setToken(undefined), setWantsToken(true))}
          >
            Forget the token
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {only === undefined ? (
          <Empty problem={problem} isAsked={answer !== undefined} />
        ) : device === undefined ? (
          <TenantView key={`${only} ${again}`} {...{ tenant: only, route, change, again }} begin={before} />
        ) : (
          <DeviceView
            key={`${device} ${again}`}
            {...{ tenant: only, device, route, change }}
            isOpened={!isFirst}
          />
        )}
      </main>
    </>
  );
}

const nothing = {
  tenant: undefined,
  device: undefined,
  status: undefined,
  protocol: undefined,
  reason: undefined,
  search: undefined,
  withinS: undefined,
  atMs: undefined,
  ended: undefined,
};

function TenantChoice({
  tenants,
  tenant,
  choose,
}: {
  readonly tenants: readonly string[];
  readonly tenant: string | undefined;
  choose(tenant: string): void;
}) {
  if (tenant === undefined) return null;
  const all = tenants.includes(tenant) ? tenants : [tenant, ...tenants];
  return (
    <label class="tenant">
      <span>Tenant</span>
      <select value={tenant} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {all.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The clock that all times are of. */
function ZoneChoice({ isUtc, choices, choose }: ReturnType<typeof useZone>) {
  const nowMs = Date.now();
  return (
    <label class="tenant end">
      <span>Times in</span>
      <select value={String(isUtc)} onChange={({ currentTarget }) => choose(currentTarget.value === 'true')}>
        {choices.map((each) => (
          <option key={String(each.isUtc)} value={String(each.isUtc)}>
            {each.zone(nowMs)}
          </option>
        ))}
      </select>
    </label>
  );
}

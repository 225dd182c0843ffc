import { nastyStrings } from '@rollcall/conformance/hostile';
import { ScriptedRegistry } from '@rollcall/conformance/registry';
import { deviceRef, type TenantId } from '@rollcall/core';
import type { Tenant } from '@rollcall/core/registry';
import { isPrintable } from '@rollcall/core/text';
import { expect, test } from 'vitest';
import { identify } from './look-up.ts';

/** A registry that knows every device, whatever it is called: not all of them are files of ours. */
const registry = Object.assign(new ScriptedRegistry(), {
  assertRegistration: async () => ({
    status: 'found' as const,
    value: { device: deviceRef('a', 'b'), defaults: {} },
  }),
});

async function isLetIn(tenantId: string, device: string, authId: string): Promise<boolean> {
  const tenant: Tenant = {
    id: tenantId as TenantId,
    enabled: true,
    defaults: {},
    limits: {},
    trustAnchors: [],
  };
  const who = { device: deviceRef(tenantId, device), authId };
  const context = { registry, adapterType: 'hono-mqtt' };
  const { status } = await identify(who, tenant, context, {});
  return status === 'accepted';
}

test.each(Object.entries(nastyStrings))('%s in a name that becomes part of an event', async (_what, text) => {
  const expected = isPrintable(text);
  expect(await isLetIn(text, 'valve-1', 'valve-1')).toBe(expected);
  expect(await isLetIn('acme', text, 'valve-1')).toBe(expected);
  expect(await isLetIn('acme', 'valve-1', text)).toBe(expected);
});

import { describe, onTestFinished } from 'vitest';
import { describeChanges, describeKeptChanges } from './store/describe-changes.ts';
import { describeCredentials } from './store/describe-credentials.ts';
import { describeDevices } from './store/describe-devices.ts';
import { describeImports } from './store/describe-imports.ts';
import { describeSearches } from './store/describe-searches.ts';
import { describeTenants } from './store/describe-tenants.ts';
import { Hand, type DatabaseUnderTest } from './store/hand.ts';

/** Every store must pass. Called from the store's own tests. */
export function describeRegistryStore(name: string, database: () => Promise<DatabaseUnderTest>): void {
  const given = async (maxDevicesPerTenant = -1): Promise<Hand> => {
    const store = await (await database()).open({ maxDevicesPerTenant });
    onTestFinished(() => store.close());
    return new Hand(store);
  };

  describe(`${name} honours the RegistryStore contract`, () => {
    describeTenants(given);
    describeDevices(given);
    describeCredentials(given);
    describeChanges(given);
    describeKeptChanges(database);
    describeImports(given);
    describeSearches(given);
  });
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageFolder } from '../package-folder.ts';
import { adapterEntry, inOrder, type AdapterEntry } from './adapter-entry.ts';

const ownManifest = new URL('package.json', packageFolder);
const require = createRequire(ownManifest);

/** The adapters that this package depends on, in order, as their manifests describe them. */
export function adapterTable(): readonly AdapterEntry[] {
  const { dependencies } = JSON.parse(readFileSync(ownManifest, 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const adapters = Object.keys(dependencies).filter((name) => name.endsWith('-adapter'));
  return inOrder(
    adapters.flatMap((name) => {
      const entry = adapterEntry(JSON.parse(readFileSync(manifestOf(name), 'utf8')));
      return entry ? [entry] : [];
    }),
  );
}

/** The file that runs an adapter, absolute. */
export function mainOf({ name }: AdapterEntry): string {
  return join(dirname(manifestOf(`@rollcall/${name}`)), 'dist/main.js');
}

/** The file that runs the presence service, absolute. */
export function mainOfPresence(): string {
  return join(dirname(manifestOf('@rollcall/presence-service')), 'dist/main.js');
}

/** The file that runs the device registry, absolute. */
export function mainOfRegistry(): string {
  return join(dirname(manifestOf('@rollcall/device-registry-service')), 'dist/main.js');
}

function manifestOf(packageName: string): string {
  return require.resolve(`${packageName}/package.json`);
}

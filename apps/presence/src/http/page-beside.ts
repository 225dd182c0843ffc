import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The page is built into the folder of the built service; sources that are run unbuilt have none. */
export function pageBeside(folder: string): { readonly pageDirectory?: string } {
  const pageDirectory = join(folder, 'page');
  return existsSync(join(pageDirectory, 'index.html')) ? { pageDirectory } : {};
}

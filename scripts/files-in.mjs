import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of a package or an app, as paths in it. Installed ones are left out before they are looked at: they are many times as
 * many, and links among them lead through all of the repository.
 * @param {string} directory
 * @returns {string[]}
 */
export function filesIn(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(directory, entry.name) : [entry.name]));
}

function filesBelow(directory, folder) {
  return readdirSync(join(directory, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, '/').length));
}

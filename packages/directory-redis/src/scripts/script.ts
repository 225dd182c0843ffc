import { createHash } from 'node:crypto';

/** A script that runs in the engine, whole or not at all. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  /** The engine knows the script by it, once it has run. */
  readonly sha: string;
}

export function script(name: string, lua: string): Script {
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

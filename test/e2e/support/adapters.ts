import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What is taken here of the field `rollcall` in an adapter's package.json. */
export interface Adapter {
  /** Its folder in apps/. */
  readonly name: string;
  readonly published: boolean;
  readonly ports: readonly { readonly variable: string }[];
  readonly up: { readonly environment: Readonly<Record<string, string>> };
}

/** Every adapter of the repository, the template too. */
export const adapters: readonly Adapter[] = globSync('apps/*/package.json', { cwd: root }).flatMap((file) => {
  const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
    readonly name: string;
    readonly private?: boolean;
    readonly rollcall?: Pick<Adapter, 'ports' | 'up'>;
  };
  const { name, private: isPrivate = false, rollcall } = manifest;
  return rollcall ? [{ name: name.slice(name.indexOf('/') + 1), published: !isPrivate, ...rollcall }] : [];
});

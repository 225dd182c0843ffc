// Does what `npm start` and `npm run NAME` do for the scripts that start an app. What fetches tools, installs and builds is left out.
import { readFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const args = process.argv.slice(2);
const name = args[0] === 'run' ? args[1] : args[0];
const rest = args.slice(args[0] === 'run' ? 2 : 1);
const [, app] = /^node scripts\/run\.mjs app (.+)$/.exec(scripts[name ?? ''] ?? '') ?? [];
if (app === undefined || (rest.length > 0 && rest[0] !== '--')) {
  console.error(`no script that starts an app: npm ${args.join(' ')}`);
  process.exit(64);
}
process.chdir(root.pathname);
process.argv.splice(2, process.argv.length, ...app.split(' '), ...rest.slice(1));
await import(new URL('scripts/start-app.mjs', root).href);

// Runs the built main file of an app in this process: node scripts/start-app.mjs <app> [arguments]
import { existsSync } from 'node:fs';

const [app, ...args] = process.argv.slice(2);
const main = new URL(`../apps/${app}/dist/main.js`, import.meta.url);
if (app === undefined || !existsSync(main)) {
  console.error(`there is no app ${app}, or it is not built`);
  process.exit(2);
}
// Whoever started it has ended, or asks it to. What has something to tidy up listens by itself.
process.on('disconnect', () => {
  if (process.listenerCount('disconnect') === 1) process.kill(process.pid, 'SIGTERM');
});
process.channel?.unref();
process.argv = [process.argv[0], main.pathname, ...args];
await import(main.href);

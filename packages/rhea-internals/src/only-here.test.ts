import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// What rhea does not declare is known in this package, and nowhere else; a library's cast hides what an update breaks.

const root = fileURLToPath(new URL('../../../', import.meta.url));

const sources = ['packages', 'apps'].flatMap((kind) =>
  readdirSync(`${root}${kind}`)
    .filter((name) => name !== 'rhea-internals')
    .flatMap((name) =>
      (readdirSync(`${root}${kind}/${name}/src`, { recursive: true }) as string[])
        // Clients of tests are not shipped.
        .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|(?:^|\/)testing\//.test(file))
        .map((file) => `${kind}/${name}/src/${file}`),
    ),
);

/** Names of rhea's own that no other code has, where they are read, called, or declared. */
const internals =
  /\b(?:_process|_register|_write_frame|_incomplete|sasl_transport|amqp_transport|local_channel_map|remote_channel_map|heartbeat_in|abort_idle|on_transfer|sasl_server_mechanisms\s+as)\b/;
/** A cast, to what TypeScript says it is not, or out of the check of what is handed over. */
const cast = /\bas\s+(?:unknown\s+as|never)\b/;
const importsRhea = /from 'rhea(?:-promise)?'/;

/** What may reach rhea's objects by these names, through this package's types alone. */
const throughOurTypes = /from '@rollcall\/rhea-internals(?:\/\w+)?'/;

/** rhea-promise has casts of its own: its names for events are an enumeration, and its container is none. */
const promises = /^\s*(?:container: \{ id: raw\.options\.id \}|connection\.on\(event) as never/;

function problemsOf(file: string, text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line));
  const castable = importsRhea.test(text);
  const knows = throughOurTypes.test(text);
  const wrong = lines.filter(
    (line) => (!knows && internals.test(line)) || (castable && cast.test(line) && !promises.test(line)),
  );
  return wrong.map((line) => `${file}: ${line.trim()}`);
}

test('no other code uses undeclared members of rhea, or casts its objects', () => {
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.flatMap((file) => problemsOf(file, readFileSync(root + file, 'utf8')))).toEqual([]);
});

test('only four packages import rhea', () => {
  const users = sources.filter((file) => importsRhea.test(readFileSync(root + file, 'utf8')));
  const packages = users.map((file) => file.slice(0, file.indexOf('/src/')));
  expect([...new Set(packages)].toSorted()).toEqual([
    'apps/amqp-adapter',
    'apps/device-registry',
    'packages/amqp-connection',
    'packages/messaging-network',
  ]);
});

test.each([
  ["connection['_process']()", true],
  ['const raw = link as unknown as { credit: number };', true],
  ['link.set_source({} as never);', true],
  ['link.add_credit(1);', false],
])('the check finds a problem in `%s`: %s', (line, isOne) => {
  expect(problemsOf('a.ts', `import rhea from 'rhea';\n${line}`).length > 0).toBe(isOne);
});

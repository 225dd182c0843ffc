// Checks that every package and app has the shape that docs/architecture.md describes: node scripts/check-shape.mjs
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkKit } from './check-kit.mjs';
import { filesIn } from './files-in.mjs';

/** Tags of the packages that make an adapter process, and know no messaging network. */
const networkless = [
  'runtime',
  'options',
  'messaging-module',
  'directory-module',
  'registry-module',
  'outbox',
  'access',
  'presence',
  'uplink',
  'kit',
  'adapter-process',
];

const adapterFiles = [
  'run.ts',
  'config.ts',
  'adapter.ts',
  'credentials.ts',
  'device-request.ts',
  'device-answers.ts',
  'tracker.ts',
  'tracker.test.ts',
  'adapter.test.ts',
];
/** What serves one device: its connection or, where there are none, its requests. */
const servingFiles = ['device-connection.ts', 'serve-device.ts'];

/**
 * What is wrong with one workspace member.
 * @param {{ kind: 'packages' | 'apps', folder: string, manifest: object, tsconfig: object, turbo: object, files: string[] }} member
 * @returns {string[]}
 */
export function checkShape({ kind, folder, manifest, tsconfig, turbo, files }) {
  const problems = [];
  const expect = (holds, problem) => holds || problems.push(`${kind}/${folder}: ${problem}`);
  // An app may answer for what a package of the same name knows.
  const names = [`@rollcall/${folder}`, ...(kind === 'apps' ? [`@rollcall/${folder}-service`] : [])];
  expect(names.includes(manifest.name), `package.json: name must be ${names.join(' or ')}`);
  expect(manifest.license === 'Apache-2.0', 'package.json: license must be Apache-2.0');
  expect(typeof manifest.description === 'string', 'package.json: description is missing');
  expect(manifest.type === 'module', 'package.json: type must be module');
  expect(manifest.engines?.node !== undefined, 'package.json: engines.node is missing');
  for (const problem of shippedTests({ kind, manifest, tsconfig, files })) expect(false, problem);
  expect(manifest.files?.includes('dist'), 'package.json: files must include dist');
  // The compiler builds all packages at once: tsconfig.build.json.
  for (const script of kind === 'apps' ? ['build', 'test'] : ['test'])
    expect(manifest.scripts?.[script], `package.json: script ${script} is missing`);
  if (kind === 'packages')
    for (const [path, target] of Object.entries(manifest.exports ?? {}))
      expect(
        path === './package.json' || target['@rollcall/source'] !== undefined,
        `package.json: export ${path} has no @rollcall/source`,
      );

  for (const problem of kind === 'packages' ? referenceProblems(manifest, tsconfig) : [])
    expect(false, problem);
  expect(turbo.tags?.length === 1, 'turbo.json: must have one tag');
  expect(files.includes('README.md'), 'README.md is missing');
  expect(files.includes(kind === 'packages' ? 'src/index.ts' : 'src/main.ts'), 'its entry in src is missing');
  if (turbo.tags?.[0] === 'adapter') {
    for (const file of adapterFiles.map((name) => `src/${name}`))
      expect(files.includes(file), `${file} is missing`);
    expect(
      servingFiles.some((name) => files.includes(`src/${name}`)),
      `src/${servingFiles.join(' or src/')} is missing`,
    );
  }
  return problems;
}

/** The compiler builds what a package refers to first. A program is bundled, from the sources of all that it uses. */
function referenceProblems(manifest, tsconfig) {
  const ours = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    .filter((name) => name.startsWith('@rollcall/'))
    .map((name) => name.slice('@rollcall/'.length));
  const referenced = foldersReferencedBy(tsconfig);
  return [
    ...ours
      .filter((name) => !referenced.includes(name))
      .map((name) => `tsconfig.build.json: no reference to ${name}`),
    ...referenced
      .filter((name) => !ours.includes(name))
      .map((name) => `tsconfig.build.json: reference to ${name}, which is no dependency`),
  ];
}

/**
 * What the compiler builds of all packages, by the `tsconfig.build.json` of the root.
 * @param {readonly string[]} packages folders
 * @param {{ references?: readonly { path: string }[] }} tsconfig
 * @returns {string[]}
 */
export function buildProblems(packages, tsconfig) {
  const built = foldersReferencedBy(tsconfig);
  return packages
    .filter((folder) => !built.includes(folder))
    .map((folder) => `tsconfig.build.json: no reference to packages/${folder}`);
}

/** @param {{ references?: readonly { path: string }[] }} tsconfig */
function foldersReferencedBy({ references = [] }) {
  return references.map(({ path }) => path.split('/').at(-2));
}

/** Test code is not for those who install a package, but where it is an export of its own (`./testing`). */
function shippedTests({ kind, manifest, tsconfig, files }) {
  const shipped = manifest.files ?? [];
  const built = tsconfig.exclude ?? [];
  const problems = [];
  for (const name of shipped)
    if (/^(src|test)\b|testing/.test(name) && !name.startsWith('!'))
      problems.push(`package.json: files must not include ${name}`);
  if (kind === 'packages' && !built.includes('src/**/*.test.ts'))
    problems.push('tsconfig.build.json: must exclude src/**/*.test.ts');
  const testing = files.some((file) => file.startsWith('src/testing/'));
  const exported = manifest.exports?.['./testing'] !== undefined;
  if (kind === 'packages' && testing && !exported && !built.includes('src/testing'))
    problems.push('tsconfig.build.json: must exclude src/testing, or dist has it');
  if (exported && (manifest.bin !== undefined || !testing))
    problems.push('package.json: export ./testing is for packages with a src/testing');
  for (const [path, target] of Object.entries(manifest.exports ?? {}))
    if (path !== './testing' && /[/]testing[/]|[.]test[.]/.test(JSON.stringify(target)))
      problems.push(`package.json: export ${path} is test code`);
  return problems;
}

function members(root) {
  return ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((folder) => {
      const directory = join(root, kind, folder);
      const json = (file) =>
        existsSync(join(directory, file)) ? JSON.parse(readFileSync(join(directory, file), 'utf8')) : {};
      return {
        kind,
        folder,
        manifest: json('package.json'),
        tsconfig: json('tsconfig.build.json'),
        turbo: json('turbo.json'),
        files: filesIn(directory),
      };
    }),
  );
}

function sourcesOf(root, { kind, folder, files }) {
  return files
    .filter((file) => /^src\b.*\.ts$/.test(file))
    .map((file) => join(kind, folder, file))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const found = members(root);
  const problems = [
    ...found.flatMap(checkShape),
    ...buildProblems(
      found.filter(({ kind }) => kind === 'packages').map(({ folder }) => folder),
      JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')),
    ),
    ...checkKit(
      found
        .filter(({ turbo }) => networkless.includes(turbo.tags?.[0]))
        .flatMap((kit) => sourcesOf(root, kit)),
    ),
  ];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

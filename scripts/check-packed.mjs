// Checks what each package and app would publish: node scripts/check-packed.mjs, after a build
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * What is wrong with the files that `npm pack` would take.
 * @param {{ files: readonly string[], sources: readonly string[], exports: object, isProgram?: boolean }} packed paths in the package, and those
 *   of its sources
 * @returns {string[]}
 */
export function packedProblems({ files, sources, exports, isProgram = false }) {
  const built = new Set(sources.map((source) => source.replace(/^src\/(.*)\.ts$/, 'dist/$1')));
  const mayTest = './testing' in exports;
  return files.flatMap((file) => {
    if (/\.test\.|\.tsbuildinfo$/.test(file)) return [`${file} must not be published`];
    if (/(^|\/)testing\//.test(file) && !mayTest) return [`${file} is test code`];
    if (!file.startsWith('dist/')) return [];
    // A program is one bundle: it has files of its own, no folders of sources.
    if (isProgram && /^dist\/(?:[\w-]+\.js(?:\.map)?|THIRD-PARTY-LICENSES\.txt)$/.test(file)) return [];
    // Built by another workspace part, and put beside the service.
    if (file === 'dist/page/index.html' || /^dist\/page\/assets\/[\w.-]+\.(?:js|css|svg)$/.test(file))
      return [];
    const from = file.replace(/\.(?:js|d\.ts)(?:\.map)?$/, '');
    return built.has(from) ? [] : [`${file} has no source: remove dist, and build`];
  });
}

/** The paths that npm would put into the archive. Nothing is written, and nothing is run. */
function filesPacked(directory) {
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts'],
    { cwd: directory, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (error || status !== 0) throw new Error(`npm pack in ${directory}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout)[0].files.map(({ path }) => path);
}

function main() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const members = ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((folder) => join(kind, folder)),
  );
  for (const member of members) {
    const directory = join(root, member);
    const manifest = join(directory, 'package.json');
    if (!existsSync(manifest)) continue;
    const { private: isPrivate, exports = {}, bin } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (isPrivate) continue;
    const sources = readdirSync(join(directory, 'src'), { recursive: true }).map(
      (file) => `src/${file.replaceAll('\\', '/')}`,
    );
    for (const problem of packedProblems({
      files: filesPacked(directory),
      sources,
      exports,
      isProgram: bin !== undefined,
    })) {
      console.error(`${member}: ${problem}`);
      process.exitCode = 1;
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Page } from 'playwright-core';

export const pictures = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url));

export const makesPictures = process.env['ROLLCALL_PICTURES'] !== undefined;

const minute = 60_000;

/** Where a click on a reason leads. */
export function linkOfDashboard(given: Readonly<Record<'page' | 'tenant' | 'reason', string>>): string {
  const text = readFileSync(new URL('../../../deploy/grafana/rollcall.json', import.meta.url), 'utf8');
  const [, url = ''] = /"url": "([^"]*ended=[^"]*)"/.exec(text) ?? [];
  return url
    .replace('${page:raw}', given.page)
    .replace('${tenant:percentencode}', given.tenant)
    .replace('${__field.labels.reason}', given.reason);
}

/** What `rollcall devices` prints, as a picture of a terminal. */
export async function pictureOfDevices(url: string, tenant: string): Promise<void> {
  const main = fileURLToPath(new URL('../../../apps/rollcall/dist/main.js', import.meta.url));
  const args = [main, 'devices', '--presence-url', url, '--tenant', tenant, '--once'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  const lines = [
    '$ npm run rollcall -- devices --presence-url … --once',
    ...stdout.trimEnd().split('\n').slice(0, 12),
  ];
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const width = Math.max(...lines.map((line) => line.length)) * 7.85 + 32;
  const texts = lines.map((line, at) => `<text x="16" y="${30 + at * 20}">${escaped(line)}</text>`);
  writeFileSync(
    join(pictures, 'devices.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${lines.length * 20 + 28}" role="img" aria-label="What rollcall devices prints">
<rect width="100%" height="100%" rx="8" fill="#181d1a"/>
<g fill="#e6ece9" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`,
  );
}

/** The devices of the pictures have a past; so has their service, which began a moment ago. */
export async function sayItFollowsForLong(page: Page): Promise<void> {
  await page.route(/\/(?:timeline|history|summary)(?:\?|$)/, async (route) => {
    const response = await route.fetch();
    const began = new Date(Date.now() - 7 * 24 * 60 * minute).toISOString();
    const answer = (await response.json()) as { readonly 'as-of': object };
    const asOf = { ...answer['as-of'], 'covered-since': began, 'complete-from': began, complete: true };
    const known = 'known-since' in answer && { 'known-since': began };
    await route.fulfill({ response, json: { ...answer, ...known, 'as-of': asOf } });
  });
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startApi } from '../testing/start-api.ts';

function builtPage(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-page-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(directory, 'assets/index-abc.js'), 'let page;');
  writeFileSync(join(directory, 'assets/index-abc.css'), 'body {}');
  writeFileSync(join(directory, 'assets/notes.txt'), 'not of the page');
  writeFileSync(join(directory, 'secret.html'), 'secret');
  return directory;
}

/** `fetch` would normalise the path. */
function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, path, host: '127.0.0.1' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('the page is served without a token, with a policy that allows only its own scripts and host', async () => {
  const { get } = await startApi({
    pageDirectory: builtPage(),
    tokens: { check: async () => ({ status: 'refused', why: 'no' }) },
  });
  const page = await get('/');
  expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
    200,
    'text/html; charset=utf-8',
    'no-cache',
  ]);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  const script = await get('/assets/index-abc.js');
  expect([script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
    'text/javascript; charset=utf-8',
    'public, max-age=31536000, immutable',
  ]);
});

test.each([
  '/assets/notes.txt',
  '/assets/',
  '/assets/../secret.html',
  '/assets/%2e%2e/secret.html',
  '/assets/..%2fsecret.html',
  '/secret.html',
  '/index.html/../secret.html',
  '//assets/index-abc.js/../../secret.html',
])('no other file is served: %s', async (path) => {
  const { port } = await startApi({ pageDirectory: builtPage() });
  expect(await statusOf(port, path)).toBe(404);
});

test('the page answers only GET and HEAD', async () => {
  const { url } = await startApi({ pageDirectory: builtPage() });
  const response = await fetch(`${url}/`, { method: 'POST' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('if no token is needed, the page is served for loopback names only', async () => {
  const { port } = await startApi({ pageDirectory: builtPage(), open: true });
  const status = await new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/', headers: { host: 'evil.test' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(421);
});

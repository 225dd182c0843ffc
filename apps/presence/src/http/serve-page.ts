import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from another host, and no script but that of the page; it may send requests to this service only. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // The chart library sets sizes through the DOM, which the policy allows; pictures are the icon alone.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves the built page. Its files are read once, at the start: no path of a request reads from the disk.
 *
 * @param directory has `index.html`, and `assets` whose names change with their content.
 */
export function servePage(app: FastifyInstance, directory: string): void {
  serve(app, '/', join(directory, 'index.html'), 'no-cache');
  const assets = join(directory, 'assets');
  for (const name of readdirSync(assets))
    serve(app, `/assets/${name}`, join(assets, name), 'public, max-age=31536000, immutable');
}

function serve(app: FastifyInstance, path: string, file: string, cacheControl: string): void {
  const type = contentTypes[extname(file)];
  if (type === undefined) return;
  const content = readFileSync(file);
  app.get(path, async (_request, reply) =>
    reply
      .headers({
        'cache-control': cacheControl,
        'content-security-policy': policy,
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      })
      .type(type)
      .send(content),
  );
}

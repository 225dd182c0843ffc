// Puts the built page beside the built service, which serves it and is published with it: node copy-page.mjs
import { cpSync, rmSync } from 'node:fs';

const page = new URL('../presence-page/dist/page/', import.meta.url);
const target = new URL('dist/page/', import.meta.url);
rmSync(target, { recursive: true, force: true });
cpSync(page, target, { recursive: true });

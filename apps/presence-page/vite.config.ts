import { defaultClientConditions, defineConfig } from 'vite';

// Paths are relative: the page may stand under any prefix of a reverse proxy.
export default defineConfig({
  base: './',
  resolve: { conditions: ['@rollcall/source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist/page',
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
  },
});

// What tests use of the machine they run on.
export { arrived } from './arrived.ts';
export { hasDebianPackage } from './has-debian-package.ts';
export { loopbackHosts } from './loopback.ts';
export { type Postgres, startPostgres } from './start-postgres.ts';

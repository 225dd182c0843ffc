// What lets a web page use an API, and what keeps other pages out.
export { allowOrigins, type AllowedOrigin, type WebPageUse } from './listening/allow-origins.ts';
export { requireLoopbackHost } from './listening/require-loopback-host.ts';

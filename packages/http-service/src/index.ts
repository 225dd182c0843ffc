export { DatabaseWatch } from './database/database-watch.ts';
export type { Listening, ListenOptions } from './listening/bounded-server.ts';
export { healthRoutes, type HealthTexts } from './listening/health-routes.ts';
export {
  openHttpPort,
  type HttpPortOptions,
  type HttpPortValues,
  type Serve,
} from './listening/open-http-port.ts';
export { rejectMalformed, type MalformedKind, type RawAnswer } from './listening/reject-malformed.ts';
export { createTurns, type Turns } from './listening/turns.ts';

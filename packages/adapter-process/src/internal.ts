// For other programs of this repository that run as adapters do; it may change with any version.
export { isProblemOf } from './config/load-config.ts';
export { tellLeftAside } from './config/tell-left-aside.ts';
export { boundConnections } from './health/bound-connections.ts';
export { startEarlyHealth, type EarlyHealth, type HealthAnswers } from './health/early-health.ts';
export { healthJson, type HealthCheck } from './health/health-json.ts';
export { renderOnce } from './health/render-once.ts';
export { exitStatus, runProcess } from './lifecycle/run-process.ts';
export { runUntilStopped } from './lifecycle/run-until-stopped.ts';
export { createProcessMetrics, type ProcessMetrics } from './metrics/process-metrics.ts';

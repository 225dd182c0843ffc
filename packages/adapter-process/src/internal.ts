// For other programs of this repository that run as adapters do; it may change with any version.
export { kitOptions, serviceOptions } from './config/kit-options.ts';
export { isProblemOf } from './config/load-config.ts';
export { logFormatOf } from './config/log-format.ts';
export { printConfig } from './config/print-config.ts';
export { boundConnections } from './health/bound-connections.ts';
export { type EarlyHealth, type HealthAnswers, startEarlyHealth } from './health/early-health.ts';
export { type HealthCheck, healthJson } from './health/health-json.ts';
export { renderOnce } from './health/render-once.ts';
export { buryConnections, type Settled, settleJournal } from './journal/settle-journal.ts';
export { guardConsole } from './lifecycle/guard-console.ts';
export { libraryDebugProblems } from './lifecycle/library-debug.ts';
export { onHangup } from './lifecycle/on-hangup.ts';
export { exitStatus } from './lifecycle/run-process.ts';
export { runService } from './lifecycle/run-service.ts';
export { tellFatal } from './lifecycle/tell-fatal.ts';
export { codedLog } from './messages/coded-log.ts';
export { createProcessMetrics, type ProcessMetrics } from './metrics/process-metrics.ts';

export { deliverWebhook } from './deliver-webhook';
export { runExecution } from './run-execution';
export { settleExecution } from './settle-execution';
export { startScheduled } from './start-scheduled';

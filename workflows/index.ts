export { runExecution } from './run-execution';

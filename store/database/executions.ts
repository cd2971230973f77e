import { acceptExecution } from './executions/accept-execution';
import { closeFromTemporal, requestCancel } from './executions/close-execution';
import {
  eventsAfter,
  executionDetail,
  executionDocuments,
  executionSnapshot,
  executionView,
  listExecutions,
} from './executions/read-execution';
import {
  endMigration,
  executionsInFlight,
  findMigration,
  migrationTold,
  pendingMigrations,
  requestMigrations,
} from './executions/migrate-execution';
import { prepareResume } from './executions/resume-execution';
import { pendingResumes, resumeSent, resumeWaiting } from './executions/resume-waiting';
import { executionStarted, openExecutions, pendingStart, pendingStarts } from './executions/start-execution';
import { takeOverExecution } from './executions/take-over';
import { toldMeanwhile } from './executions/told-meanwhile';
import { unansweredCancels } from './executions/unanswered-cancels';
import { writeNodes } from './executions/update-nodes';
import {
  endSettling,
  jobsToSettle,
  settleAgainSoon,
  settleStarted,
  unsettledExecutions,
} from './executions/unsettled';
import { settleExecution, writeExecution } from './executions/write-execution';
import { writeFinish } from './executions/write-finish';

/** Everything that may be done to executions; the database alone judges money, generations and states. */
export const executions = {
  accept: acceptExecution,
  started: executionStarted,
  pendingStart,
  pendingStarts,
  open: openExecutions,
  write: writeExecution,
  writeNodes,
  finish: writeFinish,
  takeOver: takeOverExecution,
  closeFromTemporal,
  requestCancel,
  unansweredCancels,
  unsettled: unsettledExecutions,
  jobsToSettle,
  settleStarted,
  settle: settleExecution,
  endSettling,
  settleAgainSoon,
  prepareResume,
  resumeWaiting,
  resumeSent,
  pendingResumes,
  toldMeanwhile,
  inFlight: executionsInFlight,
  requestMigrations,
  pendingMigrations,
  migrationTold,
  endMigration,
  migration: findMigration,
  snapshot: executionSnapshot,
  view: executionView,
  documents: executionDocuments,
  detail: executionDetail,
  list: listExecutions,
  eventsAfter,
} as const;

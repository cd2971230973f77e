import type { Route } from '../route';
import { changeAccount, createAccount, listAccounts } from './accounts';
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys';
import { getAssetContent } from './asset-content';
import { getAsset, listAssets } from './assets';
import { cancelExecution } from './cancel-execution';
import { getDeadLetter, listDeadLetters } from './dead-letters';
import { getCredits, grantCredits } from './credits';
import { documentationRoutes } from './documentation';
import { executeWorkflow } from './execute-workflow';
import { getBundle } from './get-bundle';
import { getExecution } from './get-execution';
import { livez, readyz } from './health';
import { listExecutions } from './list-executions';
import { listItems } from './list-items';
import { getNodeType, listNodeTypes } from './nodes';
import { pollExecution } from './poll-execution';
import { quoteWorkflow } from './quote-workflow';
import { receiveCallback } from './receive-callback';
import { redriveDeadLetter } from './redrive-dead-letter';
import { redriveDeadLetters } from './redrive-dead-letters';
import { decideReview, listReviews } from './reviews';
import { resumeExecution } from './resume-execution';
import { rotateApiKey } from './rotate-api-key';
import { streamEvents } from './stream-events';
import { getStats } from './stats';
import { getUsage } from './usage';
import { addProviderKey, deleteProviderKey, listProviderKeys } from './provider-keys';
import { deleteSecret, listSecrets, setSecret } from './secrets';
import { publishWorkflow, rollbackWorkflow } from './publish-workflow';
import { diffWorkflow, exportWorkflow, getVersion, listVersions } from './workflow-versions';
import { getCallbackSecret, rotateCallbackSecret } from './callback-secret';
import { getDelivery, listDeliveries, redeliver } from './deliveries';
import {
  createSubscription,
  deleteSubscription,
  enableSubscription,
  listSubscriptions,
  rotateSubscriptionSecret,
} from './subscriptions';
import {
  backfillSchedule,
  createSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  saveSchedule,
  triggerSchedule,
} from './schedules';
import { callApp, getApp, getAppOpenApi, listApps, removeApp, setApp } from './apps';
import { deletePrompt, listPrompts, putPrompt } from './prompts';
import { getTemplate, listTemplates } from './templates';
import { compareVariants, giveFeedback, promoteVariant } from './variants';
import { createWebhook, deleteWebhook, listWebhooks, rotateWebhookSecret } from './webhooks';
import { uploadAsset } from './upload-asset';
import { triggerWorkflow } from './trigger-workflow';
import { createWorkflow, deleteWorkflow, getWorkflow, listWorkflows, saveWorkflow } from './workflows';

/** Every route of the API. Order matters where patterns overlap: `/workflows/executions/…` comes before `/workflows/:id/…`. */
export const routes: readonly Route[] = [
  listExecutions,
  getExecution,
  getBundle,
  listItems,
  pollExecution,
  streamEvents,
  cancelExecution,
  resumeExecution,
  giveFeedback,
  executeWorkflow,
  quoteWorkflow,
  createWorkflow,
  listWorkflows,
  getWorkflow,
  saveWorkflow,
  deleteWorkflow,
  listVersions,
  getVersion,
  exportWorkflow,
  diffWorkflow,
  publishWorkflow,
  rollbackWorkflow,
  compareVariants,
  promoteVariant,
  listWebhooks,
  createWebhook,
  rotateWebhookSecret,
  deleteWebhook,
  triggerWorkflow,
  setApp,
  removeApp,
  listApps,
  getApp,
  getAppOpenApi,
  callApp,
  listTemplates,
  getTemplate,
  listPrompts,
  putPrompt,
  deletePrompt,
  listSchedules,
  createSchedule,
  getSchedule,
  saveSchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
  backfillSchedule,
  listSubscriptions,
  createSubscription,
  enableSubscription,
  rotateSubscriptionSecret,
  deleteSubscription,
  listDeliveries,
  getDelivery,
  redeliver,
  getCallbackSecret,
  rotateCallbackSecret,
  listDeadLetters,
  redriveDeadLetters,
  getDeadLetter,
  redriveDeadLetter,
  listReviews,
  decideReview,
  listNodeTypes,
  getNodeType,
  uploadAsset,
  listAssets,
  getAsset,
  getAssetContent,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  addProviderKey,
  listProviderKeys,
  deleteProviderKey,
  setSecret,
  listSecrets,
  deleteSecret,
  createAccount,
  listAccounts,
  changeAccount,
  getCredits,
  grantCredits,
  getUsage,
  getStats,
  receiveCallback,
  livez,
  readyz,
  ...documentationRoutes(() => routes),
];

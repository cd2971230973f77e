/** Where an operation of the API is on one face, or why it is not there. */
export type Face = string | { readonly notHere: string };

export interface Faces {
  /** Method of the client, such as `schedules.create`. */
  readonly client: Face;
  /** Command, such as `schedules create`. */
  readonly cli: Face;
  /** Tool of the MCP server. */
  readonly mcp: Face;
}

const administration = { notHere: 'keys, money, secrets and tenants are for persons, not for agents' };
const steering = {
  notHere: 'standing orders (schedules, webhooks, receivers) are made by persons, not by agents',
};
const rare = { notHere: 'agents reach the same by the tools that are there' };

function everywhere(reason: string): Faces {
  const notHere = { notHere: reason };
  return { client: notHere, cli: notHere, mcp: notHere };
}

const forBrowsers = everywhere('read by browsers and tools that know OpenAPI');
const forProbes = everywhere('asked by load balancers and orchestrators, without a key');

/**
 * The one list of operations: each route by its operation id, and what it is called elsewhere. A test holds it against the
 * routes, the client, the commands and the tools; a new route needs a line here.
 */
export const operations: Readonly<Record<string, Faces>> = {
  executeWorkflow: { client: 'execute', cli: 'run', mcp: 'run_workflow' },
  quoteWorkflow: { client: 'quote', cli: 'quote', mcp: 'quote_workflow' },
  pollExecution: { client: 'poll', cli: 'poll', mcp: 'get_execution' },
  streamExecutionEvents: { client: 'events', cli: 'logs', mcp: rare },
  listExecutions: { client: 'listExecutions', cli: 'executions list', mcp: 'list_executions' },
  listItems: { client: 'listItems', cli: 'items', mcp: 'list_items' },
  getExecution: { client: 'getExecution', cli: 'executions show', mcp: rare },
  getReplayBundle: {
    ...{ client: 'downloadBundle', cli: 'bundle' },
    mcp: { notHere: 'an archive of media is nothing for a context' },
  },
  resumeExecution: { client: 'resume', cli: 'resume', mcp: 'resume_execution' },
  cancelExecution: { client: 'cancel', cli: 'cancel', mcp: 'cancel_execution' },
  giveFeedback: { client: 'workflows.giveFeedback', cli: 'feedback', mcp: 'give_feedback' },

  createWorkflow: { client: 'workflows.create', cli: 'workflows push', mcp: 'create_workflow' },
  listWorkflows: { client: 'workflows.list', cli: 'workflows list', mcp: 'list_workflows' },
  getWorkflow: { client: 'workflows.get', cli: 'workflows show', mcp: 'get_workflow' },
  saveWorkflow: { client: 'workflows.save', cli: 'workflows push', mcp: 'save_workflow' },
  deleteWorkflow: { client: 'workflows.delete', cli: 'workflows delete', mcp: steering },
  listWorkflowVersions: { client: 'workflows.versions', cli: 'workflows versions', mcp: rare },
  getWorkflowVersion: { client: 'workflows.version', cli: 'workflows version', mcp: rare },
  exportWorkflow: { client: 'workflows.export', cli: 'workflows pull', mcp: rare },
  diffWorkflow: { client: 'workflows.diff', cli: 'workflows diff', mcp: rare },
  publishWorkflow: { client: 'workflows.publish', cli: 'workflows publish', mcp: 'publish_workflow' },
  rollbackWorkflow: { client: 'workflows.rollBack', cli: 'workflows rollback', mcp: steering },
  compareVariants: { client: 'workflows.variants', cli: 'workflows variants', mcp: 'compare_variants' },
  promoteVariant: { client: 'workflows.promoteVariant', cli: 'workflows promote', mcp: steering },

  listWebhooks: { client: 'workflows.webhooks', cli: 'webhooks list', mcp: steering },
  createWebhook: { client: 'workflows.createWebhook', cli: 'webhooks create', mcp: steering },
  rotateWebhookSecret: {
    ...{ client: 'workflows.rotateWebhookSecret', cli: 'webhooks rotate-secret' },
    mcp: administration,
  },
  deleteWebhook: { client: 'workflows.deleteWebhook', cli: 'webhooks delete', mcp: steering },
  triggerWorkflow: everywhere('called without a key, by whoever was given its URL'),

  listSchedules: { client: 'schedules.list', cli: 'schedules list', mcp: steering },
  createSchedule: { client: 'schedules.create', cli: 'schedules create', mcp: steering },
  getSchedule: { client: 'schedules.get', cli: 'schedules show', mcp: steering },
  saveSchedule: { client: 'schedules.save', cli: 'schedules save', mcp: steering },
  deleteSchedule: { client: 'schedules.delete', cli: 'schedules delete', mcp: steering },
  pauseSchedule: { client: 'schedules.pause', cli: 'schedules pause', mcp: steering },
  resumeSchedule: { client: 'schedules.resume', cli: 'schedules resume', mcp: steering },
  triggerSchedule: { client: 'schedules.trigger', cli: 'schedules trigger', mcp: steering },
  backfillSchedule: { client: 'schedules.backfill', cli: 'schedules backfill', mcp: steering },

  listSubscriptions: { client: 'deliveries.subscriptions', cli: 'subscriptions list', mcp: steering },
  createSubscription: { client: 'deliveries.subscribe', cli: 'subscriptions create', mcp: steering },
  enableSubscription: { client: 'deliveries.enable', cli: 'subscriptions enable', mcp: steering },
  rotateSubscriptionSecret: {
    ...{ client: 'deliveries.rotateSubscriptionSecret', cli: 'subscriptions rotate-secret' },
    mcp: administration,
  },
  deleteSubscription: { client: 'deliveries.unsubscribe', cli: 'subscriptions delete', mcp: steering },
  listDeliveries: { client: 'deliveries.list', cli: 'deliveries list', mcp: steering },
  getDelivery: { client: 'deliveries.get', cli: 'deliveries show', mcp: steering },
  redeliver: { client: 'deliveries.redeliver', cli: 'deliveries redeliver', mcp: steering },
  getCallbackSecret: { client: 'deliveries.secret', cli: 'callback-secret show', mcp: administration },
  rotateCallbackSecret: {
    ...{ client: 'deliveries.rotateSecret', cli: 'callback-secret rotate' },
    mcp: administration,
  },
  receiveCallback: everywhere('called by providers, at the URL that they were given'),

  setApp: { client: 'apps.set', cli: 'apps set', mcp: steering },
  removeApp: { client: 'apps.remove', cli: 'apps remove', mcp: steering },
  listApps: { client: 'apps.list', cli: 'apps list', mcp: 'list_apps' },
  getApp: { client: 'apps.get', cli: 'apps show', mcp: 'get_app' },
  getAppOpenApi: { client: 'apps.openApi', cli: 'apps openapi', mcp: rare },
  callApp: { client: 'apps.call', cli: 'apps call', mcp: 'run_app' },
  listTemplates: { client: 'apps.templates', cli: 'templates list', mcp: 'list_templates' },
  getTemplate: { client: 'apps.template', cli: 'templates show', mcp: 'get_template' },
  listPrompts: { client: 'prompts.list', cli: 'prompts list', mcp: steering },
  putPrompt: { client: 'prompts.put', cli: 'prompts set', mcp: steering },
  deletePrompt: { client: 'prompts.delete', cli: 'prompts delete', mcp: steering },

  listDeadLetters: { client: 'listDeadLetters', cli: 'dead-letters list', mcp: 'list_dead_letters' },
  getDeadLetter: { client: 'getDeadLetter', cli: 'dead-letters show', mcp: 'get_dead_letter' },
  redriveDeadLetter: { client: 'redriveDeadLetter', cli: 'dead-letters redrive', mcp: 'redrive_dead_letter' },
  redriveDeadLetters: { client: 'redriveDeadLetters', cli: 'dead-letters redrive', mcp: rare },
  listReviews: { client: 'listReviews', cli: 'reviews list', mcp: 'list_reviews' },
  decideReview: { client: 'decideReview', cli: 'reviews approve', mcp: 'decide_review' },

  listNodeTypes: { client: 'listNodeTypes', cli: 'nodes', mcp: 'list_models' },
  getNodeType: { client: 'getNodeType', cli: 'nodes', mcp: 'get_model' },
  uploadAsset: {
    ...{ client: 'uploadAsset', cli: 'assets upload' },
    mcp: { notHere: 'bytes do not pass through a context; a graph takes files by URL' },
  },
  listAssets: { client: 'listAssets', cli: 'assets list', mcp: 'list_assets' },
  getAsset: { client: 'getAsset', cli: 'assets get', mcp: 'get_asset' },
  getAssetContent: {
    ...{ client: 'downloadAsset', cli: 'assets get' },
    mcp: { notHere: 'bytes do not pass through a context; get_asset answers a URL' },
  },

  createApiKey: { client: 'createApiKey', cli: 'keys create', mcp: administration },
  listApiKeys: { client: 'listApiKeys', cli: 'keys list', mcp: administration },
  revokeApiKey: { client: 'revokeApiKey', cli: 'keys revoke', mcp: administration },
  rotateApiKey: { client: 'rotateApiKey', cli: 'keys rotate', mcp: administration },
  addProviderKey: { client: 'providerKeys.add', cli: 'provider-keys add', mcp: administration },
  listProviderKeys: { client: 'providerKeys.list', cli: 'provider-keys list', mcp: administration },
  deleteProviderKey: { client: 'providerKeys.delete', cli: 'provider-keys delete', mcp: administration },
  setSecret: { client: 'secrets.set', cli: 'secrets set', mcp: administration },
  listSecrets: { client: 'secrets.list', cli: 'secrets list', mcp: administration },
  deleteSecret: { client: 'secrets.delete', cli: 'secrets delete', mcp: administration },
  createAccount: { client: 'createAccount', cli: 'accounts create', mcp: administration },
  listAccounts: { client: 'listAccounts', cli: 'accounts list', mcp: administration },
  changeAccount: { client: 'changeAccount', cli: 'accounts change', mcp: administration },
  getCredits: { client: 'getCredits', cli: 'credits show', mcp: 'get_credit_balance' },
  grantCredits: { client: 'grantCredits', cli: 'credits grant', mcp: administration },
  getUsage: { client: 'getUsage', cli: 'usage', mcp: 'get_usage' },
  getStats: { client: 'getStats', cli: 'stats', mcp: 'get_stats' },

  getLiveness: forProbes,
  getReadiness: forProbes,
  getOpenApi: forBrowsers,
  getDocs: forBrowsers,
  getDocsFile: forBrowsers,
};

/** What the faces add of their own, each made of the operations above. */
export const additions: Readonly<Record<'client' | 'cli' | 'mcp', readonly string[]>> = {
  client: [
    'wait',
    'watch',
    'previewResume',
    'previewRedrive',
    'previewRedrives',
    'workflows.previewPublication',
  ],
  cli: ['up', 'demo', 'replay', 'mcp', 'operations', 'reviews reject', 'reviews replace'],
  mcp: ['preview_resume'],
};

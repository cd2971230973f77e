import {
  changeWebhookSecrets,
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
} from './workflows/webhooks';

/** Addresses that run workflows without a key. */
export const webhooks = {
  create: createWebhook,
  list: listWebhooks,
  find: findWebhook,
  changeSecrets: changeWebhookSecrets,
  delete: deleteWebhook,
} as const;

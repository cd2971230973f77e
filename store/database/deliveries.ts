import { ensureCallbackSecret, rotateCallbackSecret } from './deliveries/callback-secret';
import { findDelivery, listDeliveries, redeliver } from './deliveries/read-deliveries';
import {
  deliveriesToStart,
  deliveryStarted,
  openDelivery,
  recordAttempt,
} from './deliveries/send-deliveries';

/** What tells the outside of the ends of executions, written by a trigger in the transaction of the end. */
export const deliveries = {
  toStart: deliveriesToStart,
  started: deliveryStarted,
  open: openDelivery,
  recordAttempt,
  find: findDelivery,
  list: listDeliveries,
  redeliver,
  ensureSecret: ensureCallbackSecret,
  rotateSecret: rotateCallbackSecret,
} as const;

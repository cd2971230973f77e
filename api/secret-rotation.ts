import { z } from 'zod';
import { newWebhookSecret, rotateSecrets } from '../store/webhook-secrets';
import type { ApiDependencies } from './dependencies';

const OVERLAP_SECONDS = 86_400;
const OVERLAP_SECONDS_MAX = 604_800;

export const rotationBody = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(OVERLAP_SECONDS_MAX)
      .optional()
      .describe('How long the secrets before it still count; a day unless given.'),
  })
  .optional();

/** A fresh secret, and how the stored ones change by it. */
export function secretRotation(
  { settings, clock }: Pick<ApiDependencies, 'settings' | 'clock'>,
  body: z.infer<typeof rotationBody>,
): { readonly secret: string; readonly change: (sealed: readonly string[]) => readonly string[] } {
  const fresh = newWebhookSecret(settings.assetSecrets);
  const overlapMs = (body?.overlapSeconds ?? OVERLAP_SECONDS) * 1_000;
  const time = { nowMs: clock(), overlapMs };
  const change = (sealed: readonly string[]) => rotateSecrets(settings.assetSecrets, sealed, fresh, time);
  return { secret: fresh.secret, change };
}

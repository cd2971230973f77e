import type { ApiSettings } from '../dependencies';

/** Absolute URLs of everything that can be done with an execution. */
export function executionLinks(settings: ApiSettings, executionId: string): Record<string, string> {
  const self = `${settings.publicUrl}/api/v1/workflows/executions/${executionId}`;
  return {
    self,
    poll: `${self}/poll`,
    events: `${self}/events`,
    cancel: `${self}/cancel`,
    resume: `${self}/resume`,
  };
}

/** Where the items of a batch are read. */
export function itemsLink({ self = '' }: Readonly<Record<string, string>>): string {
  return `${self}/items`;
}

/** Where a webhook is called; no key is asked for. */
export function webhookUrl(settings: ApiSettings, webhookId: string): string {
  return `${settings.publicUrl}/api/v1/workflow/${webhookId}/trigger`;
}

import { Context } from '@temporalio/activity';
import type { StepInput, StepResult } from '../workflows/contract';
import { contentOf } from './delivery/content';
import { sendByHttp } from './delivery/send-by-http';
import { storeInBucket } from './delivery/store-in-bucket';
import type { ActivityDependencies } from './dependencies';
import { createReadText } from './media-access';
import { ownStep } from './own-steps';
import { resolveNodeRequest } from './resolve-request';
import { StepError } from './to-application-failure';

/** Takes what a run has made elsewhere. It reads stored bytes alone: however often it is repeated, nothing is made again. */
export function deliverOutput(deps: ActivityDependencies, input: StepInput): Promise<StepResult> {
  return ownStep(deps, input, async (definition, signal) => {
    const { implementation } = definition;
    if (implementation.kind !== 'deliver')
      throw new StepError('Internal', `${definition.type} delivers nothing in this release.`);
    const { config } = await resolveNodeRequest(definition, input, createReadText(deps, input.accountId));
    const content = contentOf(deps, input);
    const tries = { signal, attempt: Context.current().info.attempt };
    const deliver = implementation.to === 'http' ? sendByHttp : storeInBucket;
    return deliver(deps, input, config, content, tries);
  });
}

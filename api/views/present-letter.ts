import { z } from 'zod';
import { failureViewSchema } from '../../pipeline/execution-view';
import type { DeadLetter, DeadLetterDetail } from '../../store/database/dead-letters/dead-letter';
import type { ApiSettings } from '../dependencies';
import { executionLinks } from './links';
import { presentOutputs, type Presenter } from './present-execution';

const refusalSchema = z.object({ code: z.string(), message: z.string() });

export const deadLetterSchema = z
  .object({
    deadLetterId: z.string(),
    executionId: z.string(),
    nodeId: z.string(),
    step: z.string(),
    nodeType: z.string(),
    label: z.string(),
    mode: z.enum(['live', 'test']),
    state: z
      .enum(['open', 'redriven', 'resolved'])
      .describe('redriven: it is tried again, or will be; resolved: done since, or not wanted any more.'),
    failure: failureViewSchema.describe(
      'Why it failed the last time; `candidates` has the reason of each provider.',
    ),
    price: z
      .object({ minCredits: z.number(), maxCredits: z.number() })
      .describe('Of this node once more; what follows it comes on top, see a dry run.'),
    attempt: z.number().describe('Of the execution, when it failed last.'),
    timesFailed: z.number(),
    firstFailedAt: z.string(),
    failedAt: z.string(),
    redrive: z
      .object({
        redriveId: z.string(),
        dueAt: z.string().nullable().describe('Null once it has begun, or was refused.'),
        refusal: refusalSchema.nullable().describe('Why it did not begin, such as too few credits.'),
      })
      .nullable()
      .describe('The last redrive of many that took it in.'),
    redrivenAt: z.string().nullable(),
    resolvedAt: z.string().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'DeadLetter' });

export const deadLetterDetailSchema = deadLetterSchema
  .extend({
    inputs: z
      .object({ config: z.record(z.string(), z.unknown()), inputs: z.record(z.string(), z.unknown()) })
      .describe(
        'What the node was given: its config, and by port what came along its edges; media with URLs.',
      ),
  })
  .meta({ id: 'DeadLetterDetail' });

export function presentLetter(letter: DeadLetter, settings: ApiSettings): z.infer<typeof deadLetterSchema> {
  const { id, redrive } = letter;
  return {
    deadLetterId: id,
    executionId: letter.executionId,
    nodeId: letter.nodeId,
    step: letter.step,
    nodeType: letter.nodeType,
    label: letter.label,
    mode: letter.mode,
    state: letter.state,
    failure: letter.failure,
    price: { ...letter.price },
    attempt: letter.attempt,
    timesFailed: letter.timesFailed,
    firstFailedAt: letter.firstFailedAt.toISOString(),
    failedAt: letter.failedAt.toISOString(),
    redrive: redrive && { ...redrive, dueAt: redrive.dueAt?.toISOString() ?? null },
    redrivenAt: letter.redrivenAt?.toISOString() ?? null,
    resolvedAt: letter.resolvedAt?.toISOString() ?? null,
    links: letterLinks(settings, letter),
  };
}

export function presentLetterDetail(
  letter: DeadLetterDetail,
  presenter: Presenter,
): z.infer<typeof deadLetterDetailSchema> {
  const { config, inputs } = letter.inputs;
  return {
    ...presentLetter(letter, presenter.settings),
    inputs: { config: asRecord(config), inputs: presentOutputs(asRecord(inputs), presenter) },
  };
}

function letterLinks(settings: ApiSettings, { id, executionId }: DeadLetter): Record<string, string> {
  const self = `${settings.publicUrl}/api/v1/dead-letters/${id}`;
  return {
    self,
    redrive: `${self}/redrive`,
    execution: executionLinks(settings, executionId).self ?? '',
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

import type { Request, Router } from 'express';
import { randomBytes } from 'node:crypto';
import { acceptJob, turnAway } from '../../core/accept-job';
import {
  answerDraft,
  promptTokens,
  saidIn,
  tokensOf,
  type Conversation,
  type TokenPrice,
} from '../../core/conversation';
import { jsonBody, send, type Answer, type Visit } from '../../core/visit';
import { phaseOf, type Job } from '../../core/job';
import type { Services } from '../../core/services';
import { parsed, performed } from './call';
import { fromChat, fromResponse } from './conversation';
import { openaiError, unknownModel } from './errors';
import { chatInput, responseInput } from './inputs';

/** Language models that answer here: the current families. */
const languageModels = /^(gpt-(4o|4\.1|5|6)|chatgpt-|o[34])/;

/** POST /chat/completions. */
export async function chat(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, chatInput, body);
  if (input === undefined) return;
  if (input.stream === true)
    return turnAway(
      visit,
      input.model,
      '',
      'invalid',
      openaiError(400, 'The sandbox does not stream; leave out `stream`.', { param: 'stream' }),
    );
  const conversation = fromChat(input);
  const job = await talk(visit, input.model, conversation, body, 'chatcmpl-', input.seed ?? undefined);
  if (job === undefined) return;
  const { text, cut } = await spokenIn(visit.services, job, conversation);
  const refused = job.failure?.kind === 'refused';
  const message = {
    role: 'assistant',
    content: refused ? null : text,
    refusal: refused ? refusalText : null,
    annotations: [],
  };
  send(visit.response, {
    status: 200,
    body: {
      id: job.id,
      object: 'chat.completion',
      created: Math.floor(job.createdAt / 1000),
      model: input.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: cut ? 'length' : 'stop' }],
      usage: {
        prompt_tokens: promptTokens(conversation),
        completion_tokens: tokensOf(text),
        total_tokens: promptTokens(conversation) + tokensOf(text),
      },
    },
  });
}

const refusalText = "I'm sorry, but I can't help with that.";

async function talk(
  visit: Visit,
  model: string,
  conversation: Conversation,
  body: unknown,
  prefix: string,
  seed?: number,
): Promise<Job | undefined> {
  if (!languageModels.test(model)) {
    await turnAway(visit, model, conversation.text, 'model_not_found', unknownModel(model));
    return undefined;
  }
  return performed(visit, talkDraft(model, conversation, body, seed), prefix, 'job');
}

function talkDraft(model: string, conversation: Conversation, body: unknown, seed?: number) {
  return answerDraft(model, conversation, body, tokenPrices(model), seed);
}

/** US dollars per million tokens, LiteLLM 1.109.1; others as gpt-5.4-mini. */
function tokenPrices(model: string): TokenPrice {
  const prices: readonly (readonly [RegExp, number, number])[] = [
    [/^gpt-6-astra/, 10, 50],
    [/^gpt-6(\.1)?-sol/, 2, 10],
    [/^gpt-6\.1-terra/, 1, 5],
    [/^gpt-6-luna/, 0.1, 0.5],
    [/^gpt-5\.6/, 4, 20],
    [/^gpt-5\.5/, 5, 30],
  ];
  const [, input, output] = prices.find(([pattern]) => pattern.test(model)) ?? [/./, 0.75, 4.5];
  return { input, output };
}

/** What was said, or the words of a refusal. */
async function spokenIn(
  services: Services,
  job: Job,
  conversation: Conversation,
): Promise<{ text: string; cut: boolean }> {
  if (job.failure?.kind === 'refused') return { text: refusalText, cut: false };
  return saidIn(services, job, conversation);
}

/** POST /responses; with `background` the answer comes by GET. */
export async function respond(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, responseInput, body);
  if (input === undefined) return;
  const conversation = fromResponse(input);
  if (input.background !== true) {
    const job = await talk(visit, input.model, conversation, body, 'resp_');
    if (job !== undefined) send(visit.response, await responseOf(visit.services, job));
    return;
  }
  if (!languageModels.test(input.model))
    return turnAway(visit, input.model, conversation.text, 'model_not_found', unknownModel(input.model));
  const id = `resp_${randomBytes(16).toString('hex')}`;
  const job = await acceptJob(
    visit,
    { ...talkDraft(input.model, conversation, body), id, provider: 'openai' },
    'job',
  );
  if (job !== undefined) send(visit.response, await responseOf(visit.services, job));
}

/** GET and cancel of a background response. */
export function addBackgroundRoutes(router: Router, services: Services): void {
  const found = (request: Request): Job | undefined =>
    services.jobs.get('openai', String(request.params['id']));
  const unknown = openaiError(404, 'Response not found.');
  router.get('/v1/responses/:id', async (request, response) => {
    const job = found(request);
    send(response, job === undefined ? unknown : await responseOf(services, job));
  });
  router.post('/v1/responses/:id/cancel', async (request, response) => {
    const job = found(request);
    if (job !== undefined) await services.jobs.cancel(job);
    send(response, job === undefined ? unknown : await responseOf(services, job));
  });
}

async function responseOf(services: Services, job: Job): Promise<Answer> {
  const input = responseInput.parse(job.input);
  const conversation = fromResponse(input);
  const status = statusOf(job);
  const open = phaseOf(job, Date.now()) !== 'closed';
  const { text, cut } =
    open || status === 'failed' || status === 'cancelled'
      ? { text: '', cut: false }
      : await spokenIn(services, job, conversation);
  const refused = job.failure?.kind === 'refused';
  const content = refused
    ? { type: 'refusal', refusal: text }
    : { type: 'output_text', text, annotations: [] };
  return {
    status: 200,
    body: {
      id: job.id,
      object: 'response',
      created_at: Math.floor(job.createdAt / 1000),
      status: cut ? 'incomplete' : status,
      error: status === 'failed' ? { code: 'server_error', message: 'The model failed to answer.' } : null,
      incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
      instructions: input.instructions ?? null,
      metadata: input.metadata ?? {},
      model: job.model,
      output:
        text === ''
          ? []
          : [
              {
                id: `msg_${job.id.slice(5)}`,
                type: 'message',
                status: cut ? 'incomplete' : 'completed',
                role: 'assistant',
                content: [content],
              },
            ],
      usage: open
        ? null
        : {
            input_tokens: promptTokens(conversation),
            output_tokens: tokensOf(text),
            total_tokens: promptTokens(conversation) + tokensOf(text),
          },
    },
  };
}

function statusOf(job: Job): 'queued' | 'in_progress' | 'completed' | 'failed' | 'cancelled' {
  const phase = phaseOf(job, Date.now());
  if (phase !== 'closed') return phase === 'queued' ? 'queued' : 'in_progress';
  if (job.state === 'canceled') return 'cancelled';
  return job.state === 'succeeded' || job.failure?.kind === 'refused' ? 'completed' : 'failed';
}

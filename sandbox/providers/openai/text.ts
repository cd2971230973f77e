import type { Request, Router } from 'express';
import { randomBytes } from 'node:crypto';
import { seedFrom } from '../../core/canonical-json';
import { acceptJob, turnAway } from '../../core/accept-job';
import { outputBytes } from '../../core/serve-job';
import { jsonBody, send, type Answer, type Visit } from '../../core/visit';
import { phaseOf, type Job } from '../../core/job';
import type { Services } from '../../core/services';
import { parsed, performed } from './call';
import { fromChat, fromResponse, tokensOf, type Conversation } from './conversation';
import { openaiError, unknownModel } from './errors';
import { chatInput, responseInput } from './inputs';

/** Language models that answer here: the current families. */
const languageModels = /^(gpt-(4o|4\.1|5)|chatgpt-|o[34])/;

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
  const { text, cut } = await saidIn(visit.services, job, conversation);
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

function talkDraft(model: string, conversation: Conversation, body: unknown, seed = seedFrom(body)) {
  const { instruction, text, images, schema, json } = conversation;
  // Price of gpt-5.4-mini (0.75 / 4.5 per million), LiteLLM 1.109.1, with a usual answer of 60 tokens.
  const priceUsd = (promptTokens(conversation) * 0.75 + 60 * 4.5) / 1e6;
  return {
    model,
    operation: 'text',
    input: body,
    prompt: text,
    priceUsd,
    recipes: [{ kind: 'answer', instruction, text, images, schema, json, seed }] as const,
  };
}

function promptTokens({ instruction, text }: Conversation): number {
  return tokensOf(instruction) + tokensOf(text) + 7;
}

async function saidIn(
  services: Services,
  job: Job,
  { limit }: Conversation,
): Promise<{ text: string; cut: boolean }> {
  const whole =
    job.failure?.kind === 'refused' ? refusalText : (await outputBytes(services, job, 0)).toString('utf8');
  const cut = limit !== undefined && tokensOf(whole) > limit;
  return { text: cut ? whole.slice(0, limit * 4) : whole, cut };
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
      : await saidIn(services, job, conversation);
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

import express, { type Request, type Response } from 'express';
import { randomBytes } from 'node:crypto';
import { turnAway } from '../core/accept-job';
import {
  answerDraft,
  promptTokens,
  saidIn,
  tokensOf,
  type Conversation,
  type TokenPrice,
} from '../core/conversation';
import type { Job } from '../core/job';
import { performJob } from '../core/perform-job';
import type { Services } from '../core/services';
import { credentialOf, jsonBody, send, type Answer, type Visit } from '../core/visit';
import type { SandboxProvider } from '../provider';
import { anthropicError, anthropicErrors, invalid } from './anthropic/errors';
import { messagesInput, type ContentBlock, type MessagesInput } from './anthropic/inputs';

/**
 * Anthropic's Messages API (versions 2026-10-21 and 2023-06-01, @anthropic-ai/sdk 1.11.0, read 2026-11-26), with both
 * forms of the key. Base: `/anthropic`. No streaming, no tools.
 */
export const anthropic: SandboxProvider = {
  id: 'anthropic',
  routes: (services) => {
    const router = express.Router();
    router.use(standardHeaders());
    router.post('/v1/messages', (request, response) => answer(visitOf(services, request, response)));
    router.use((request, response) =>
      send(response, anthropicError(404, 'not_found_error', `Not found: ${request.path}`)),
    );
    return router;
  },
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'anthropic', errors: anthropicErrors, request, response, receivedAt };
}

/** The limits of a large account, per minute; resets are points in time. */
function standardHeaders() {
  const limits = {
    requests: 4_000,
    tokens: 10_000_000,
    'input-tokens': 8_000_000,
    'output-tokens': 2_000_000,
  };
  let minute = 0;
  let used = 0;
  return (_request: Request, response: Response, next: () => void): void => {
    const now = Date.now();
    if (Math.floor(now / 60_000) !== minute) [minute, used] = [Math.floor(now / 60_000), 0];
    used += 1;
    response.set('request-id', `req_${randomBytes(12).toString('hex')}`);
    response.set('anthropic-organization-id', '00000000-0000-4000-8000-000000000000');
    const reset = `${new Date((minute + 1) * 60_000).toISOString().slice(0, 19)}Z`;
    for (const [name, limit] of Object.entries(limits)) {
      const share = name === 'requests' ? used : used * 500;
      response.set(`anthropic-ratelimit-${name}-limit`, String(limit));
      response.set(`anthropic-ratelimit-${name}-remaining`, String(Math.max(0, limit - share)));
      response.set(`anthropic-ratelimit-${name}-reset`, reset);
    }
    next();
  };
}

/** Models of both versions that answer here: the families since 4.5. */
const languageModels = /^claude-(haiku|sonnet|opus|fable|mythos)-[45](-\d{1,8})*$/;

async function answer(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = messagesInput.safeParse(body);
  const said = input.data === undefined ? '' : conversationOf(input.data).text;
  const objection = objectionTo(visit.request, body, input.data, input.error?.issues[0]);
  if (objection !== undefined || input.data === undefined) {
    const status = objection?.status === 401 ? 'unauthorized' : 'invalid';
    return turnAway(visit, input.data?.model ?? '', said, status, objection ?? invalid('messages: invalid'));
  }
  const { model } = input.data;
  const conversation = conversationOf(input.data);
  const draft = answerDraft(model, conversation, body, tokenPrices(model));
  const id = `msg_${randomBytes(12).toString('hex')}`;
  const job = await performJob(visit, { ...draft, id, provider: 'anthropic' }, 'job', failureOf);
  if (job !== undefined) send(visit.response, await messageOf(visit.services, job, model, conversation));
}

/** What the vendor turns away before it looks at the question, in its order. */
function objectionTo(
  request: Request,
  body: Record<string, unknown> | undefined,
  input: MessagesInput | undefined,
  issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined,
): Answer | undefined {
  if (credentialOf(request) === undefined) return anthropicErrors.unauthorized();
  const version = request.get('anthropic-version');
  if (version === undefined) return invalid('anthropic-version: header is required');
  if (!['2026-10-21', '2023-06-01'].includes(version))
    return invalid(`anthropic-version: "${version}" is not a valid version`);
  const sampling = ['temperature', 'top_p', 'top_k'].find((name) => body !== undefined && name in body);
  if (version === '2026-10-21' && sampling !== undefined)
    return invalid(`${sampling}: this parameter is not supported in API version 2026-10-21`);
  if (input === undefined)
    return invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid JSON'}`);
  if (input.stream === true) return invalid('stream: the sandbox does not stream');
  if (!languageModels.test(input.model))
    return anthropicError(404, 'not_found_error', `model: ${input.model}`);
  return undefined;
}

function conversationOf({ messages, system, max_tokens: limit, output_config }: MessagesInput): Conversation {
  const last = messages.filter(({ role }) => role === 'user').at(-1);
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  return {
    instruction: typeof system === 'string' ? system : (system ?? []).map(({ text }) => text).join('\n'),
    text: last === undefined ? '' : textOf(last.content),
    images: blocks.flatMap(imageIn),
    schema: output_config?.format?.schema,
    json: false,
    limit,
  };
}

function textOf(content: string | readonly ContentBlock[]): string {
  if (typeof content === 'string') return content;
  return content.flatMap((block) => ('text' in block ? [block.text] : [])).join('\n');
}

function imageIn(block: ContentBlock): string[] {
  if (!('source' in block)) return [];
  const { source } = block;
  return [source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`];
}

/** US dollars per million tokens, LiteLLM 1.109.1. */
function tokenPrices(model: string): TokenPrice {
  if (model.startsWith('claude-haiku-5')) return { input: 0.1, output: 0.5 };
  if (model.startsWith('claude-haiku')) return { input: 1, output: 5 };
  if (model.startsWith('claude-sonnet-5')) return { input: 2, output: 10 };
  if (model.startsWith('claude-sonnet')) return { input: 3, output: 15 };
  if (model.startsWith('claude-opus')) return { input: 5, output: 25 };
  return { input: 10, output: 50 };
}

function failureOf(job: Job): Answer {
  return job.failure?.kind === 'source'
    ? invalid('messages.0.content: Could not process image')
    : anthropicErrors.serverError(500);
}

async function messageOf(
  services: Services,
  job: Job,
  model: string,
  conversation: Conversation,
): Promise<Answer> {
  const isRefused = job.failure?.kind === 'refused';
  const { text, cut } = isRefused ? { text: '', cut: false } : await saidIn(services, job, conversation);
  return {
    status: 200,
    body: {
      id: job.id,
      type: 'message',
      role: 'assistant',
      model,
      content: isRefused ? [] : [{ type: 'text', text, citations: null }],
      stop_reason: isRefused ? 'refusal' : cut ? 'max_tokens' : 'end_turn',
      stop_sequence: null,
      stop_details: isRefused
        ? { type: 'refusal', category: 'general_harms', explanation: 'planned by the fault plan' }
        : null,
      usage: {
        input_tokens: promptTokens(conversation),
        output_tokens: tokensOf(text),
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      },
    },
  };
}

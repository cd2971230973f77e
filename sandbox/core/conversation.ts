import { seedFrom } from './canonical-json';
import type { Job, JobDraft } from './job';
import { outputBytes } from './serve-job';
import type { Services } from './services';

/** What a language model is asked, boiled down to what an answer depends on. */
export interface Conversation {
  readonly instruction: string;
  readonly text: string;
  /** http(s) URLs or data URIs. */
  readonly images: readonly string[];
  /** JSON Schema that the answer must fit. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Any JSON object will do. */
  readonly json: boolean;
  /** Tokens; undefined when unlimited. */
  readonly limit?: number;
}

/** US dollars per million tokens. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
}

/** What a usual answer takes, for the price of a job that has not said anything yet. */
const usualAnswerTokens = 60;

/** The job that answers a conversation. */
export function answerDraft(
  model: string,
  conversation: Conversation,
  body: unknown,
  price: TokenPrice,
  seed = seedFrom(body),
): Omit<JobDraft, 'id' | 'provider'> {
  const { instruction, text, images, schema, json } = conversation;
  return {
    model,
    operation: 'text',
    input: body,
    prompt: text,
    priceUsd: (promptTokens(conversation) * price.input + usualAnswerTokens * price.output) / 1e6,
    recipes: [{ kind: 'answer', instruction, text, images, schema, json, seed }],
  };
}

/** What was said, cut off where the caller's limit is. */
export async function saidIn(
  services: Services,
  job: Job,
  { limit }: Conversation,
): Promise<{ text: string; cut: boolean }> {
  const whole = (await outputBytes(services, job, 0)).toString('utf8');
  const cut = limit !== undefined && tokensOf(whole) > limit;
  return { text: cut ? whole.slice(0, limit * 4) : whole, cut };
}

export function promptTokens({ instruction, text, images }: Conversation): number {
  return tokensOf(instruction) + tokensOf(text) + images.length * imageTokens + 7;
}

/** What a picture of about a megapixel counts as, roughly, at every vendor. */
const imageTokens = 1_000;

/** About four characters a token, as a rule of thumb. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

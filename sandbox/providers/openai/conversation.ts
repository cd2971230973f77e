import type { Conversation } from '../../core/conversation';
import type { ChatInput, ResponseInput } from './inputs';

interface Turn {
  readonly role: string;
  readonly content: string | readonly { readonly type: string }[];
}

export function fromChat({
  messages,
  response_format: form,
  max_completion_tokens,
  max_tokens,
}: ChatInput): Conversation {
  const turns = messages.map(({ role, content }) => ({ role, content: content ?? '' }));
  return {
    ...fromTurns(turns),
    schema: form?.type === 'json_schema' ? (form.json_schema.schema ?? {}) : undefined,
    json: form?.type === 'json_object',
    limit: max_completion_tokens ?? max_tokens ?? undefined,
  };
}

export function fromResponse({ input, instructions, text, max_output_tokens }: ResponseInput): Conversation {
  const turns = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const conversation = fromTurns(turns);
  const form = text?.format;
  return {
    ...conversation,
    instruction: [instructions ?? '', conversation.instruction].join('\n').trim(),
    schema: form?.type === 'json_schema' ? form.schema : undefined,
    json: form?.type === 'json_object',
    limit: max_output_tokens ?? undefined,
  };
}

/** The system's words are the instruction, the last user turn is the text. */
function fromTurns(turns: readonly Turn[]): { instruction: string; text: string; images: string[] } {
  const system = turns.filter(({ role }) => role === 'system' || role === 'developer');
  const last = turns.filter(({ role }) => role === 'user').at(-1);
  return {
    instruction: system.map(({ content }) => textOf(content)).join('\n'),
    text: last === undefined ? '' : textOf(last.content),
    images: turns.flatMap(({ content }) => (typeof content === 'string' ? [] : content.flatMap(imageIn))),
  };
}

function textOf(content: Turn['content']): string {
  if (typeof content === 'string') return content;
  return content
    .map((part) => ('text' in part && typeof part.text === 'string' ? part.text : ''))
    .join('\n')
    .trim();
}

function imageIn(part: { readonly type: string }): string[] {
  if (!('image_url' in part)) return [];
  const { image_url: image } = part;
  if (typeof image === 'string') return [image];
  return typeof image === 'object' && image !== null && 'url' in image && typeof image.url === 'string'
    ? [image.url]
    : [];
}

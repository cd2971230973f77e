import type { Endpoint } from '../table/provider-node';
import type { JsonValue } from '../../../workflows/contract';
import {
  UnexpectedReplyError,
  type CandidateDefinition,
  type OutputItem,
  type ProviderReply,
} from '../../node-definition';
import { isList } from '../../pure/values';

export const replicatePrediction: Endpoint = {
  provider: 'replicate',
  label: 'Replicate',
  operation: 'prediction',
  execution: 'queue',
};

/** A model on Replicate: `toInput` gives what goes under `input`, `reply.body` is the prediction's `output`. */
export function replicateModel(
  definition: Pick<CandidateDefinition, 'model' | 'price' | 'toInput' | 'toOutputs'>,
): CandidateDefinition {
  return { provider: 'replicate', operation: 'prediction', execution: 'queue', ...definition };
}

/** Words of a language model: one text, or its pieces in order. */
export function replicateTextOf({ body }: ProviderReply): string | undefined {
  const pieces = isList(body) ? body.filter((piece) => typeof piece === 'string') : [body];
  const text = pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : '';
  return text === '' ? undefined : text;
}

/** The output is one URL or a list of them, depending on the model; the first one counts. */
export function replicateFile(port: string): (reply: ProviderReply) => Readonly<Record<string, OutputItem>> {
  return (reply) => ({ [port]: firstUrl(reply.body) });
}

function firstUrl(output: JsonValue): OutputItem {
  const url: unknown = Array.isArray(output) ? output[0] : output;
  if (typeof url === 'string' && url !== '') return { kind: 'url', url };
  throw new UnexpectedReplyError('The prediction of Replicate succeeded without an output URL.');
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { sniffMediaType } from '../../activities/media/sniff-media-type';
import type { MultipartFile, Provider, ProviderCall } from '../../activities/providers/provider';
import { createProviderFetch, resolveProviderUrls } from '../../activities/providers/provider-fetch';
import { providers } from '../../activities/providers';
import { nodeDefinitions } from '../../pipeline/nodes';
import { billedCredits, priceCredits } from '../../pipeline/price';
import {
  MediaInput,
  type CandidateDefinition,
  type OutputItem,
  type ProviderReply,
  type WireInput,
  type WireValue,
} from '../../pipeline/node-definition';
import type { JsonObject, JsonValue, NodeInputs } from '../../workflows/contract';
import { anOperationRequest, guardedFetch } from '../activities/providers/a-provider-call';
import { aCallbackReceiver, aSandbox, type TestSandbox } from './a-sandbox';
import { candidatesOf, leastConfigs, picture, requestFor } from '../pipeline/nodes/sample-request';

/** Small work where the config allows it: the shape of request and reply is what counts here. */
const configs: Readonly<Record<string, JsonObject>> = {
  'generate:flux_2_pro': { width: 256, height: 256 },
  'image:crystal_upscaler': { scaleFactor: 2 },
  'text:llm': { maxTokens: 64 },
};

let sandbox: TestSandbox;
let image: string;

beforeAll(async () => {
  sandbox = await aSandbox();
  const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#446688' } })
    .png()
    .toBuffer();
  image = `data:image/png;base64,${png.toString('base64')}`;
});

afterAll(async () => {
  await guardedFetch.close();
  await sandbox.remove();
});

const cases = nodeDefinitions.flatMap((definition) =>
  candidatesOf(definition).map(
    (candidate) =>
      [`${definition.type} by ${candidate.provider}:${candidate.model}`, definition, candidate] as const,
  ),
);

describe('every candidate on the sandbox', () => {
  it.each(cases)(
    '%s gives what its node type declares',
    async (_, definition, candidate) => {
      const samples: NodeInputs = definition.inputs['image']?.required ? { image: picture(64, 64) } : {};
      const config = { ...leastConfigs[definition.type], ...configs[definition.type] };
      const request = requestFor(definition, config, samples);
      const reply = await perform(candidate, candidate.toInput(request));
      for (const [port, item] of Object.entries(candidate.toOutputs(reply))) {
        expect(await typeOf(item)).toBe(definition.outputs[port]?.type);
      }
      expect(billedCredits(candidate, request, reply)).toBeLessThanOrEqual(priceCredits(candidate, request));
    },
    60_000,
  );
});

async function perform(candidate: CandidateDefinition, wire: WireInput): Promise<ProviderReply> {
  const provider = providers.find((each) => each.id === candidate.provider);
  const operation = provider?.operations[candidate.operation];
  if (!provider || !operation)
    throw new Error(`${candidate.provider} has no operation ${candidate.operation}.`);
  const files: MultipartFile[] = [];
  const input = fill(wire, files);
  const request = anOperationRequest({ model: candidate.model, input, files });
  const call = callOf(provider);
  if (operation.kind === 'sync') return operation.call(request, call);
  const receiver = await aCallbackReceiver();
  try {
    const handle = await operation.submit({ ...request, callbackUrl: receiver.url }, call);
    await receiver.next();
    const check = await operation.check(handle, call);
    if (check.status === 'succeeded') return check.reply;
    throw new Error(`${candidate.model} called back before it was done.`);
  } finally {
    await receiver.close();
  }
}

function callOf(provider: Provider): ProviderCall {
  const { baseUrl, extraUrls, privateOrigins } = resolveProviderUrls(provider, {
    mode: 'test',
    env: {},
    sandboxUrl: sandbox.url,
  });
  const fetch = createProviderFetch(guardedFetch, privateOrigins);
  const signal = new AbortController().signal;
  return { mode: 'test', baseUrl, extraUrls, credential: 'sandbox', timeoutMs: 60_000, signal, fetch };
}

/** As the activity does: media in the form that is asked for, bytes as parts of a form under the field's name. */
function fill(wire: WireInput, files: MultipartFile[]): JsonObject {
  const filled: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(wire)) {
    const json = fillValue(value, key, files);
    if (json !== undefined) filled[key] = json;
  }
  return filled;
}

function fillValue(value: WireValue, field: string, files: MultipartFile[]): JsonValue | undefined {
  if (value instanceof MediaInput) return fillMedia(value, field, files);
  if (Array.isArray(value)) {
    const items: readonly WireValue[] = value;
    return items.map((item) => fillValue(item, field, files)).filter((item) => item !== undefined);
  }
  if (typeof value !== 'object' || value === null) return value;
  return fill(value as WireInput, files);
}

function fillMedia(
  { asset, form }: MediaInput,
  field: string,
  files: MultipartFile[],
): JsonValue | undefined {
  const [mimeType = '', base64 = ''] = image.replace('data:', '').split(';base64,');
  if (form === 'bytes')
    files.push({ field, bytes: Buffer.from(base64, 'base64'), mimeType, fileName: 'a.png' });
  if (form === 'bytes' || asset.type !== 'image') return undefined;
  return form === 'base64' ? base64 : image;
}

const kinds: Readonly<Record<string, string>> = { string: 'text', number: 'number', boolean: 'boolean' };

/** By the bytes, as the activities judge it. */
async function typeOf(item: OutputItem): Promise<string | undefined> {
  switch (item.kind) {
    case 'value':
      return kinds[typeof item.value] ?? 'json';
    case 'base64':
      return sniffMediaType(Buffer.from(item.base64, 'base64'))?.kind;
    case 'bytes':
      return sniffMediaType(item.bytes)?.kind;
    case 'url': {
      const response = await fetch(item.url);
      return sniffMediaType(new Uint8Array(await response.arrayBuffer()))?.kind;
    }
  }
}

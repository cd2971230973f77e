import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { materialiseInput } from '../../activities/materialise-input';
import { isSvg } from '../../store/assets/media/sniff-svg';
import { sniffMediaType } from '../../store/assets/media/sniff-media-type';
import type { Provider, ProviderCall } from '../../activities/providers/provider';
import { createProviderFetch, resolveProviderUrls } from '../../activities/providers/provider-fetch';
import { providers } from '../../activities/providers';
import { nodeDefinitions } from '../../pipeline/nodes';
import { billedCredits, priceCredits } from '../../pipeline/price';
import type {
  CandidateDefinition,
  OutputItem,
  ProviderReply,
  WireInput,
} from '../../pipeline/node-definition';
import { makeSpeech } from '../../sandbox/media/speech';
import { makeVideo } from '../../sandbox/media/video';
import type { JsonObject, NodeInputs } from '../../workflows/contract';
import { anOperationRequest, guardedFetch } from '../activities/providers/a-provider-call';
import { aCallbackReceiver, aSandbox, type TestSandbox } from './a-sandbox';
import {
  candidatesOf,
  leastConfigs,
  picture,
  requestFor,
  smallestConfig,
} from '../pipeline/nodes/sample-request';

/** Small work where the config allows it: the shape of request and reply is what counts here. */
const configs: Readonly<Record<string, JsonObject>> = {
  'generate:flux_2_pro': { width: 256, height: 256 },
  'image:crystal_upscaler': { scaleFactor: 2 },
  'text:llm': { maxTokens: 64 },
  // Where it stands in for this model, gpt-image-2 makes one size.
  'generate:nano_banana_2': { resolution: '1K' },
  'edit:nano_banana_2': { resolution: '1K' },
};

let sandbox: TestSandbox;
let samples: Readonly<Record<string, Buffer>>;
let sampleServer: Server;

beforeAll(async () => {
  sandbox = await aSandbox();
  const image = await sharp({ create: { width: 320, height: 320, channels: 3, background: '#446688' } })
    .png()
    .toBuffer();
  const clip = { prompt: 'pan', seed: 1, label: 'sample', seconds: 1, lines: 64, aspect: 1 } as const;
  const speech = { lines: [{ text: 'Good evening.', voice: 'Rachel' }], speed: 1, format: 'wav' } as const;
  const [video, audio] = await Promise.all([
    makeVideo({ kind: 'video', ...clip }, 4),
    makeSpeech({ kind: 'speech', ...speech }),
  ]);
  samples = { image, video: video.bytes, audio: audio.bytes };
  sampleServer = createServer((request, response) => response.end(samples[request.url?.slice(1) ?? '']));
  await new Promise<void>((resolve) => sampleServer.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await guardedFetch.close();
  sampleServer.close();
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
      const small: NodeInputs = definition.inputs['image']?.required ? { image: picture(64, 64) } : {};
      const config = {
        ...leastConfigs[definition.type],
        ...smallestConfig(definition),
        ...configs[definition.type],
      };
      const request = requestFor(definition, config, small);
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
  const call = callOf(provider);
  const { input, files } = await materialiseInput(wire, provider, call, {
    urlFor: ({ type }) => `${sampleUrl()}/${type}`,
    read: ({ type }) => Promise.resolve(samples[type] ?? Buffer.alloc(0)),
  });
  const request = anOperationRequest({ model: candidate.model, input, files, idempotencyKey: randomUUID() });
  if (operation.kind === 'sync') return operation.call(request, call);
  const receiver = await aCallbackReceiver();
  try {
    const handle = await operation.submit({ ...request, callbackUrl: receiver.url }, call);
    if (provider.readCallback !== undefined) await receiver.next();
    for (;;) {
      const check = await operation.check(handle, call);
      if (check.status === 'succeeded') return check.reply;
      if (provider.readCallback !== undefined)
        throw new Error(`${candidate.model} called back before it was done.`);
    }
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

function sampleUrl(): string {
  return `http://127.0.0.1:${(sampleServer.address() as AddressInfo).port}`;
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
      const bytes = new Uint8Array(await response.arrayBuffer());
      return isSvg(bytes) ? 'file' : sniffMediaType(bytes)?.kind;
    }
  }
}

import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from '../../../activities/providers';
import type {
  JobHandle,
  Provider,
  QueueOperation,
  SyncOperation,
} from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import {
  UnexpectedReplyError,
  type CandidateDefinition,
  type NodeDefinition,
  type ProviderReply,
} from '../../../pipeline/node-definition';
import { nodeDefinitions } from '../../../pipeline/nodes';
import { billedCredits } from '../../../pipeline/price';
import { leastConfigs, requestFor } from '../../pipeline/nodes/sample-request';
import { anOperationRequest, aProviderCall, guardedFetch } from './a-provider-call';
import { contractAnswers, type OperationAnswers } from './contract-answers';
import { mutate, randomsOf } from './mutate-answer';
import { ScriptedServer } from './scripted-server';

interface Entry {
  readonly name: string;
  readonly provider: Provider;
  readonly operation: SyncOperation | QueueOperation;
  readonly answers: OperationAnswers;
  readonly served: readonly (readonly [NodeDefinition, CandidateDefinition])[];
}

const entries = providers.flatMap((provider) =>
  Object.entries(provider.operations).map(([name, operation]): Entry => {
    const answers = contractAnswers[provider.id]?.[name];
    if (answers === undefined) throw new Error(`contract-answers.ts has nothing for ${provider.id} ${name}`);
    return {
      name: `${provider.id} ${name}`,
      provider,
      operation,
      answers,
      served: servedBy(provider.id, name),
    };
  }),
);

/** A mutated reply that hangs is given up after this. */
const TIMEOUT_MS = 250;
/** Far above every price of the catalog: what an adapter bills above it, it took from a broken reply. */
const CREDITS_MAX = 1_000_000;

/**
 * Gives every operation of every provider replies that are cut off, of another type or status, huge, slow or not of its
 * kind. A run is replayed by its seed: EVERFRAME_SEED.
 */
export function describeMutatedReplies(count: number): void {
  describe(`${count} mutated replies`, () => {
    const seed = Number(process.env['EVERFRAME_SEED'] ?? Date.now() % 1_000_000);
    let server: ScriptedServer;
    beforeAll(async () => {
      server = await new ScriptedServer().listen();
    });
    afterAll(async () => {
      await guardedFetch.close();
      await server.close();
    });

    it(`crash nothing and cost nothing wrong: each is a named failure or a whole result (seed ${seed})`, async () => {
      const tally = new Map<string, number>();
      const wrong: string[] = [];
      for (let index = 0; index < count; index += 1) {
        const entry = entries[index % entries.length];
        if (!entry) throw new Error('There is no operation.');
        const end = await endOf(server, entry, seed + index);
        tally.set(end.kind, (tally.get(end.kind) ?? 0) + 1);
        if (end.fault !== undefined)
          wrong.push(`EVERFRAME_SEED=${seed + index} ${entry.name} ${end.mutation}: ${end.fault}`);
      }
      process.stdout.write(
        `${count} mutated replies from seed ${seed}: ${JSON.stringify(Object.fromEntries(tally))}\n`,
      );
      expect(wrong).toEqual([]);
      expect([...tally.values()].reduce((sum, each) => sum + each, 0)).toBe(count);
      // Not all may pass as good: the mutations do bite.
      expect(tally.get('result') ?? 0).toBeLessThan(count * 0.8);
    });
  });
}

interface End {
  readonly kind: string;
  readonly mutation: string;
  readonly fault?: string;
}

async function endOf(server: ScriptedServer, entry: Entry, seed: number): Promise<End> {
  const random = randomsOf(seed);
  const isCheck = entry.operation.kind === 'queue' && random() < 0.6;
  const good = isCheck ? (entry.answers.done ?? []) : [entry.answers.accepted];
  const position = Math.floor(random() * good.length);
  const { answer, mutation } = mutate(good[position] ?? {}, random);
  const script = good.map((each, index) => (index === position ? answer : each));
  try {
    const result = await perform(server, entry, isCheck, script);
    return { kind: 'result', mutation, fault: faultOf(entry, result, isCheck) };
  } catch (error) {
    if (error instanceof ProviderError) return { kind: error.kind, mutation };
    return { kind: 'crash', mutation, fault: inspect(error).slice(0, 400) };
  }
}

async function perform(
  server: ScriptedServer,
  { provider, operation, answers }: Entry,
  isCheck: boolean,
  script: readonly Parameters<ScriptedServer['answer']>[0][],
): Promise<unknown> {
  const request = anOperationRequest({ model: answers.model });
  const call = aProviderCall(provider, server.url, { timeoutMs: TIMEOUT_MS });
  if (operation.kind === 'sync') {
    server.answer(...script);
    return operation.call(request, call);
  }
  let handle: JobHandle | undefined;
  if (isCheck) {
    server.answer(answers.accepted);
    handle = await operation.submit(request, aProviderCall(provider, server.url));
  }
  server.answer(...script);
  return handle === undefined ? operation.submit(request, call) : operation.check(handle, call);
}

/** What is wrong with a result that an adapter took for good. */
function faultOf(entry: Entry, result: unknown, isCheck: boolean): string | undefined {
  if (entry.operation.kind === 'queue' && !isCheck) {
    const handle = result as JobHandle;
    const isWhole = typeof handle.providerJobId === 'string' && handle.providerJobId !== '';
    return isWhole && JSON.stringify(handle).length <= 1_024
      ? undefined
      : `no job handle: ${inspect(handle).slice(0, 200)}`;
  }
  if (!isCheck) return faultOfReply(entry, result as ProviderReply);
  const check = result as { readonly status?: unknown; readonly reply?: ProviderReply };
  if (check.status === 'pending') return undefined;
  if (check.status !== 'succeeded' || !check.reply) return `no check: ${inspect(check).slice(0, 200)}`;
  return faultOfReply(entry, check.reply);
}

/** Every node that this operation serves reads the reply whole or refuses it by name, and bills a sane sum. */
function faultOfReply({ served }: Entry, reply: ProviderReply): string | undefined {
  for (const [definition, candidate] of served) {
    try {
      candidate.toOutputs(reply);
      const credits = billedCredits(candidate, requestFor(definition, leastConfigs[definition.type]), reply);
      if (!Number.isInteger(credits) || credits < 0 || credits > CREDITS_MAX)
        return `${definition.type} bills ${credits}`;
    } catch (error) {
      if (!(error instanceof UnexpectedReplyError) && !(error instanceof ProviderError))
        return `${definition.type}: ${inspect(error).slice(0, 300)}`;
    }
  }
  return undefined;
}

function servedBy(providerId: string, operation: string): Entry['served'] {
  return nodeDefinitions.flatMap((definition) => {
    const { implementation } = definition;
    const candidates = implementation.kind === 'provider' ? implementation.candidates : [];
    return candidates
      .filter((candidate) => candidate.provider === providerId && candidate.operation === operation)
      .map((candidate) => [definition, candidate] as const);
  });
}

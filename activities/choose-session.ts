import { Context } from '@temporalio/activity';
import type { JobInput } from '../workflows/contract';
import { circuitKey } from './circuit-breakers';
import type { Rest } from './credential-rests';
import type { ActivityDependencies } from './dependencies';
import { type CircuitOpenError } from './own-circuits';
import type { ProviderSession } from './provider-access';
import { StepError } from './to-application-failure';

type SessionDependencies = Pick<ActivityDependencies, 'providerAccess' | 'breakers' | 'rests'>;
type SendInput = Pick<JobInput, 'accountId' | 'mode' | 'candidate' | 'attemptsMax'>;

/** Longer than this nobody waits for a key: the next candidate is asked. */
export const THROTTLE_WAIT_MAX_MS = 60_000;

/** Keys that rest for the same time do not all wake at once. */
const WAKE_SPREAD = 0.2;

export interface ChosenSession {
  readonly session: ProviderSession;
  readonly breakerKey: string;
  /** Why nothing new can be sent now, by any of the keys. */
  readonly obstacle?: StepError;
}

/**
 * Takes the provider's keys in turn, leaving out those that rest and those whose circuit is open.
 *
 * @throws StepError `ProviderAuthenticationFailed` when there is no key at all, naming the variable.
 */
export async function chooseSession(
  deps: SessionDependencies & Pick<ActivityDependencies, 'random'>,
  input: SendInput,
): Promise<ChosenSession> {
  const sessions = await deps.providerAccess.openAll(input.candidate.provider, input);
  await Promise.all([deps.rests.refresh(), deps.breakers.refresh()]);
  const keys = sessions.map((session) => lookAt(deps, input, session));
  const [first] = keys;
  const usable = keys.find(({ rest, circuit }) => !rest && !circuit);
  if (usable) return { session: usable.session, breakerKey: usable.breakerKey };
  if (!first) throw new StepError('Internal', 'A provider without keys was opened.');
  return { session: first.session, breakerKey: first.breakerKey, obstacle: obstacleOf(deps, input, keys) };
}

/** Whether another key than this one could send now. */
export async function hasAnotherKey(
  deps: SessionDependencies,
  input: SendInput,
  { credentialId }: ProviderSession,
): Promise<boolean> {
  const sessions = await deps.providerAccess.openAll(input.candidate.provider, input);
  return sessions
    .filter((session) => session.credentialId !== credentialId)
    .map((session) => lookAt(deps, input, session))
    .some(({ rest, circuit }) => !rest && !circuit);
}

export function circuitKeyOf(
  { provider, model }: Pick<JobInput['candidate'], 'provider' | 'model'>,
  { credentialId, mode }: ProviderSession,
): string {
  return circuitKey({ provider, model, credentialId, mode });
}

interface KeyState {
  readonly session: ProviderSession;
  readonly breakerKey: string;
  readonly rest: Rest | undefined;
  readonly circuit: CircuitOpenError | undefined;
}

function lookAt(
  { rests, breakers }: SessionDependencies,
  { candidate }: SendInput,
  session: ProviderSession,
): KeyState {
  const { provider, model } = candidate;
  const { credentialId, mode } = session;
  const breakerKey = circuitKeyOf(candidate, session);
  const rest = rests.restOf({ provider, model, credentialId, mode });
  return { session, breakerKey, rest, circuit: breakers.openNow(breakerKey) };
}

/** The key that may be used first decides; one that was turned down is not waited for. */
function obstacleOf(
  { random }: Pick<ActivityDependencies, 'random'>,
  input: SendInput,
  keys: readonly KeyState[],
): StepError {
  const waits = keys
    .filter(({ rest }) => !rest || rest.reason === 'throttled')
    .map(({ rest, circuit }) => ({
      circuit,
      waitMs: Math.max(rest?.remainingMs ?? 0, circuit?.retryAfterMs ?? 0),
    }))
    .sort((left, right) => left.waitMs - right.waitMs);
  const [soonest] = waits;
  if (!soonest) return turnedDown(keys);
  if (soonest.circuit) return circuitOpen(input.candidate.provider, soonest.circuit);
  return throttled(input, keys, soonest.waitMs * (1 + WAKE_SPREAD * random()));
}

function throttled({ attemptsMax }: SendInput, keys: readonly KeyState[], waitMs: number): StepError {
  const { id: provider, label } = providerOf(keys);
  const seconds = Math.ceil(waitMs / 1_000);
  const message = `${label} limits our requests; its keys rest for ${seconds} s more. Set a further key, or raise the limit of the account there.`;
  const isPatient = waitMs <= THROTTLE_WAIT_MAX_MS && Context.current().info.attempt < attemptsMax;
  if (isPatient)
    return new StepError('ProviderRateLimited', message, { provider, retryAfterMs: Math.ceil(waitMs) });
  return new StepError('CircuitOpen', message, { provider, openForMs: Math.ceil(waitMs) });
}

function turnedDown(keys: readonly KeyState[]): StepError {
  const { id: provider, label, credentialVariable } = providerOf(keys);
  const seconds = Math.ceil(Math.min(...keys.map(({ rest }) => rest?.remainingMs ?? 0)) / 1_000);
  if (keys.some(({ rest }) => rest?.reason === 'billing')) {
    const message = `The ${label} account has no credit left or has reached its spending limit. Top it up there; it is asked again in ${seconds} s.`;
    return new StepError('ProviderBillingExhausted', message, { provider });
  }
  const message = `${label} did not accept the key. Check ${credentialVariable} and what the key may use; it is tried again in ${seconds} s, or at once after a restart with another one.`;
  return new StepError('ProviderAuthenticationFailed', message, { provider });
}

function providerOf(keys: readonly KeyState[]): ProviderSession['provider'] {
  const [first] = keys;
  if (!first) throw new StepError('Internal', 'A provider without keys was opened.');
  return first.session.provider;
}

export function circuitOpen(provider: string, error: CircuitOpenError): StepError {
  const { retryAfterMs: openForMs } = error;
  const message = `${provider} failed too often in the last minutes; it is probed again in ${Math.ceil(openForMs / 1_000)} s, and nothing else is sent to it before.`;
  return new StepError('CircuitOpen', message, { provider, openForMs, cause: error });
}

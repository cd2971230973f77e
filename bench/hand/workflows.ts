import { proxyActivities } from '@temporalio/workflow';
import type { callChat as CallChat } from './activities';

const { callChat } = proxyActivities<{ callChat: typeof CallChat }>({
  startToCloseTimeout: '1 min',
  heartbeatTimeout: '3 s',
  retry: { maximumAttempts: 3 },
});

/** The hand-written workflow that ours is held against: five calls in line, each fed by the one before. */
export async function handLinear(prompt: string): Promise<string> {
  let text = prompt;
  for (let step = 0; step < 5; step += 1) text = await callChat(text);
  return text;
}

/** So many calls, no more than a window of them at once: a batch whose items are one call each. */
export async function handBatch({ items, window }: { items: number; window: number }): Promise<number> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items) await callChat(`item ${next++}`);
  };
  await Promise.all(Array.from({ length: window }, work));
  return next;
}

/** One call, ten at once, one that joins them. */
export async function handFan(prompt: string): Promise<string> {
  const first = await callChat(prompt);
  const texts = await Promise.all(Array.from({ length: 10 }, () => callChat(first)));
  return callChat(texts.join(' '));
}

/** What a developer writes who wants a durable call and nothing more: no ledger, no assets, no credits. */
export async function callChat(prompt: string): Promise<string> {
  const response = await fetch(`${process.env['OPENAI_BASE_URL']}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer bench', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5.4-mini', messages: [{ role: 'user', content: prompt }] }),
  });
  if (!response.ok) throw new Error(`The provider answered ${response.status}.`);
  const body = (await response.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? '';
}

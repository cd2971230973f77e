import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuthorizationError, QuotaExceededError, TooManyRequestsError, Translator } from 'deepl-node';
import { aSandbox, type TestSandbox } from './a-sandbox';

let sandbox: TestSandbox;
let client: Translator;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = new Translator('key:fx', { serverUrl: `${sandbox.url}/deepl`, maxRetries: 0 });
});
afterAll(() => sandbox.remove());

describe('DeepL, driven by its official client', () => {
  it('translates one text as well as several, and tells the language and what it bills', async () => {
    const one = await client.translateText('the sun over the sea', null, 'de');
    expect(one).toMatchObject({
      text: 'die Sonne über die Meer',
      detectedSourceLang: 'en',
      billedCharacters: 20,
    });
    const several = await client.translateText(['hello world', 'good morning'], 'en', 'fr');
    expect(several.map(({ text }) => text)).toEqual(['bonjour monde', 'bon matin']);
  });

  it('counts what was used', async () => {
    const before = (await client.getUsage()).character?.count ?? 0;
    await client.translateText('moon', null, 'es');
    expect((await client.getUsage()).character?.count).toBe(before + 4);
  });

  it('says wrong keys, limits and used-up quotas in its own way', async () => {
    await sandbox.plan(
      { action: 'unauthorized', contains: 'who' },
      { action: 'rate_limit', contains: 'fast' },
      { action: 'insufficient_quota', contains: 'broke' },
    );
    await expect(client.translateText('who', null, 'de')).rejects.toBeInstanceOf(AuthorizationError);
    await expect(client.translateText('fast', null, 'de')).rejects.toBeInstanceOf(TooManyRequestsError);
    await expect(client.translateText('broke', null, 'de')).rejects.toBeInstanceOf(QuotaExceededError);
    await sandbox.plan();
  });

  it('takes JSON as well as forms, and no language that there is not', async () => {
    const post = (body: object) =>
      fetch(`${sandbox.url}/deepl/v2/translate`, {
        method: 'POST',
        headers: { authorization: 'DeepL-Auth-Key k', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const answer = await post({ text: ['the moon'], target_lang: 'DE', model_type: 'latency_optimized' });
    expect(await answer.json()).toMatchObject({
      translations: [{ text: 'die Mond', model_type_used: 'latency_optimized' }],
    });
    expect((await post({ text: ['x'], target_lang: 'XX' })).status).toBe(400);
  });
});

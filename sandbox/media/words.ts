/** What plain words tell about a text: the stand-ins judge by them, so that the same text is judged alike everywhere. */

/** Categories as OpenAI names them; flagged by words alone. */
export const unsafeWords: Readonly<Record<string, RegExp>> = {
  harassment: /idiot|stupid|loser|bully/i,
  'harassment/threatening': /i will (kill|hurt) you/i,
  sexual: /nude|naked|porn|sex\b|erotic/i,
  'sexual/minors': /(?!)/,
  hate: /hate (all|those)|racial slur/i,
  'hate/threatening': /exterminate (all|those)/i,
  illicit: /build a bomb|make meth/i,
  'illicit/violent': /build a bomb/i,
  'self-harm': /suicide|self-harm|kill myself/i,
  'self-harm/intent': /kill myself/i,
  'self-harm/instructions': /how to (kill myself|self-harm)/i,
  violence: /\bkill|murder|gore|bloody|massacre|behead|torture/i,
  'violence/graphic': /gore|dismember|behead/i,
};

export function isUnsafe(text: string): boolean {
  return Object.values(unsafeWords).some((pattern) => pattern.test(text));
}

const glad =
  /\b(love|great|good|wonderful|excellent|happy|beautiful|fine|best|thank|enjoy\w*|perfect|calm)\b/gi;
const sad =
  /\b(hate|bad|awful|terrible|worst|sad|angry|broken|ugly|poor|disappoint\w*|never again|annoy\w*)\b/gi;

/** -1 for a text of complaints to 1 for one of praise; 0 where neither outweighs. */
export function moodOf(text: string): number {
  const [praise, blame] = [glad, sad].map((pattern) => text.match(pattern)?.length ?? 0);
  const both = (praise ?? 0) + (blame ?? 0);
  return both === 0 ? 0 : ((praise ?? 0) - (blame ?? 0)) / both;
}

const commonWords: Readonly<Record<string, RegExp>> = {
  de: /\b(der|die|das|und|ist|nicht|ein|eine|über|mit|für|guten|ich)\b/gi,
  fr: /\b(le|la|les|et|est|une|dans|pour|avec|sur|bonjour|je|du)\b/gi,
  es: /\b(el|los|las|y|es|una|con|para|sobre|del|hola|que)\b/gi,
  it: /\b(il|gli|e|è|una|con|per|della|sono|ciao|che)\b/gi,
  nl: /\b(het|een|en|van|niet|met|voor|zijn|hallo)\b/gi,
  en: /\b(the|a|an|and|is|of|in|to|with|for|over|hello|not)\b/gi,
};

/** ISO 639-1 code by the commonest small words and by script; English where nothing tells. */
export function languageOf(text: string): string {
  if (/[\u3040-\u30ff]/.test(text)) return 'ja';
  if (/[\u4e00-\u9fff]/.test(text)) return 'zh';
  if (/[\u0400-\u04ff]/.test(text)) return 'ru';
  const counts = Object.entries(commonWords).map(
    ([code, words]) => [code, text.match(words)?.length ?? 0] as const,
  );
  const [best] = counts.sort(([, left], [, right]) => right - left);
  return best === undefined || best[1] === 0 ? 'en' : best[0];
}

/** 0.35 for an empty or babbling text to nearly 1 for a rich one. */
export function richnessOf(text: string): number {
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  if (words.length === 0) return 0.35;
  const variety = new Set(words).size / words.length;
  return 0.35 + 0.5 * variety + 0.12 * Math.min(1, words.length / 40);
}

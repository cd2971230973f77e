/** Which environment variable holds the credential of each provider: the vendor's usual name. */
export const PROVIDER_CREDENTIALS: Readonly<Record<string, string>> = {
  deepl: 'DEEPL_AUTH_KEY',
  elevenlabs: 'ELEVENLABS_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  ark: 'ARK_API_KEY',
  bfl: 'BFL_API_KEY',
  fal: 'FAL_KEY',
  google: 'GEMINI_API_KEY',
  kling: 'KLING_API_KEY',
  openai: 'OPENAI_API_KEY',
  recraft: 'RECRAFT_API_TOKEN',
  replicate: 'REPLICATE_API_TOKEN',
  stability: 'STABILITY_API_KEY',
};

/** @returns Ids of the providers that have a credential, or a numbered further one such as `FAL_KEY_2`. */
export function configuredProviders(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const given = new Set(Object.keys(environment).filter((name) => (environment[name] ?? '').trim() !== ''));
  return Object.entries(PROVIDER_CREDENTIALS)
    .filter(([, variable]) => [...given].some((name) => isVariableOf(variable, name)))
    .map(([provider]) => provider);
}

function isVariableOf(variable: string, name: string): boolean {
  return (
    name === variable || (name.startsWith(`${variable}_`) && /^\d+$/.test(name.slice(variable.length + 1)))
  );
}

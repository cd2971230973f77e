/** How a field's URL comes to be asked for; see ssrf.ts, which drives each of them with the corpus. */
export type UrlUse = 'import' | 'callback' | 'subscription' | 'http' | 'bucket';

/** Every field of the API and of the node types that takes a URL. A new one needs a line here, and by it is driven. */
export const urlFields: Readonly<Record<string, UrlUse | { readonly neverAsked: string }>> = {
  'input:image.value': 'import',
  'input:video.value': 'import',
  'input:audio.value': 'import',
  'input:file.value': 'import',
  'executeWorkflow.callbackUrl': 'callback',
  'callApp.callbackUrl': 'callback',
  'createSubscription.url': 'subscription',
  'output:http.url': 'http',
  'output:s3.endpoint': 'bucket',
  'output:s3.publicUrl': { neverAsked: 'the beginning of a text that is given back' },
  'setSecret.hosts[]': { neverAsked: 'a bound on where a secret may go' },
};

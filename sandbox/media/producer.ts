import { canonicalJson, sha256 } from '../core/canonical-json';
import type { FileStore, StoredFile } from '../core/file-store';
import { makeAnswer } from './answer';
import { makeCutout } from './cutout';
import { makeSpeech } from './speech';
import { makeVideo } from './video';
import { makePicture } from './picture';
import { readSource } from './read-source';
import type { Made, Recipe } from './recipe';
import { upscalePicture } from './upscale';

/** Media are CPU work: more at once would only make all of them late. */
const atOnce = 2;

/** Makes what recipes ask for, each distinct one once: a recipe and the bytes of its sources decide the result. */
export class Producer {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly files: FileStore) {}

  /** @throws SourceError when a given file cannot be fetched or read. */
  async make(recipe: Recipe): Promise<StoredFile> {
    const fetched = await withSources(recipe);
    const key = sha256(canonicalJson(fetched));
    const known = this.files.recall(key);
    if (known !== undefined) return known;
    await this.turn();
    try {
      const file = this.files.save(await make(fetched));
      this.files.remember(key, file);
      return file;
    } finally {
      this.running -= 1;
      this.queue.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    if (this.running >= atOnce) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.running += 1;
  }
}

/** The recipe with its sources in it, as data URIs: the same link may hold other bytes tomorrow. */
async function withSources(recipe: Recipe): Promise<Recipe> {
  switch (recipe.kind) {
    case 'picture':
      return { ...recipe, sources: await Promise.all((recipe.sources ?? []).map(inlined)) };
    case 'upscale':
    case 'cutout':
      return { ...recipe, source: await inlined(recipe.source) };
    case 'video':
      return recipe.source === undefined ? recipe : { ...recipe, source: await inlined(recipe.source) };
    case 'speech':
    case 'answer':
      return recipe;
  }
}

async function inlined(source: string): Promise<string> {
  if (source.startsWith('data:')) return source;
  return `data:;base64,${(await readSource(source)).toString('base64')}`;
}

async function make(recipe: Recipe): Promise<Made> {
  switch (recipe.kind) {
    case 'picture':
      return makePicture(recipe);
    case 'upscale':
      return upscalePicture(recipe);
    case 'cutout':
      return makeCutout(recipe);
    case 'video':
      return makeVideo(recipe);
    case 'speech':
      return makeSpeech(recipe);
    case 'answer':
      return makeAnswer(recipe);
  }
}

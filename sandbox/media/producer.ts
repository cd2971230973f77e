import { canonicalJson, sha256 } from '../core/canonical-json';
import type { FileStore, StoredFile } from '../core/file-store';
import { makeAnswer } from './answer';
import { makeCutout } from './cutout';
import { lookAt } from './look-at';
import { changeVoice, makeSound } from './sound';
import { makeSpeech } from './speech';
import { makeTranscript } from './transcript';
import { makeVideo, remakeVideo } from './video';
import { makePicture } from './picture';
import { readSource } from './read-source';
import type { Made, Recipe, Rework } from './recipe';
import { upscalePicture } from './upscale';
import { makeVector } from './vector';

/** Media are CPU work: more at once would only make all of them late. */
const atOnce = 2;

/** Makes what recipes ask for, each distinct one once: a recipe and the bytes of its sources decide the result. */
export class Producer {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  /** @param frameRateMax of clips, frames a second. */
  constructor(
    private readonly files: FileStore,
    private readonly frameRateMax = 24,
  ) {}

  /** @throws SourceError when a given file cannot be fetched or read. */
  async make(recipe: Recipe): Promise<StoredFile> {
    const fetched = await withSources(recipe);
    const key = sha256(canonicalJson(fetched));
    const known = this.files.recall(key);
    if (known !== undefined) return known;
    await this.turn();
    try {
      const file = this.files.save(await this.made(fetched));
      this.files.remember(key, file);
      await this.keepContent(file, fetched);
      return file;
    } finally {
      this.running -= 1;
      this.queue.shift()?.();
    }
  }

  private async made(recipe: Recipe): Promise<Made> {
    if (recipe.kind === 'transcript') {
      const hash = sha256(await readSource(recipe.source));
      return makeTranscript(recipe.source, await this.contentOf(hash), hash);
    }
    if (recipe.kind !== 'answer') return make(recipe, this.frameRateMax);
    const seen = recipe.images.map(async (image) => {
      const bytes = await readSource(image);
      return lookAt(image, bytes, await this.contentOf(sha256(bytes)));
    });
    return makeAnswer(recipe, await Promise.all(seen));
  }

  /** What a file shows or says is remembered by its hash, so that a model that is given it later can tell. */
  private async keepContent(file: StoredFile, recipe: Recipe): Promise<void> {
    const content = await this.contentIn(recipe);
    if (content === undefined) return;
    const bytes = Buffer.from(content);
    const note = this.files.save({ bytes, contentType: 'text/plain; charset=utf-8', extension: 'txt' });
    this.files.remember(contentKey(file.sha256), note);
  }

  private async contentIn(recipe: Recipe): Promise<string | undefined> {
    switch (recipe.kind) {
      case 'picture':
      case 'vector':
        return recipe.prompt;
      case 'video':
        return recipe.audio === undefined
          ? recipe.prompt
          : this.contentOf(sha256(await readSource(recipe.audio)));
      case 'speech':
        return recipe.lines.map(({ text }) => text).join(' ');
      case 'upscale':
      case 'cutout':
      case 'voice':
      case 'clip':
        return this.contentOf(sha256(await readSource(recipe.source)));
      default:
        return undefined;
    }
  }

  private async contentOf(hash: string): Promise<string | undefined> {
    const note = this.files.recall(contentKey(hash));
    return note === undefined ? undefined : (await this.files.read(note)).toString('utf8');
  }

  private async turn(): Promise<void> {
    if (this.running >= atOnce) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.running += 1;
  }
}

function contentKey(hash: string): string {
  return sha256(`content of ${hash}`);
}

/** The recipe with its sources in it, as data URIs: the same link may hold other bytes tomorrow. */
async function withSources(recipe: Recipe): Promise<Recipe> {
  switch (recipe.kind) {
    case 'picture':
      return {
        ...recipe,
        sources: await Promise.all((recipe.sources ?? []).map(inlined)),
        ...(recipe.rework === undefined ? {} : { rework: await inlinedMask(recipe.rework) }),
      };
    case 'upscale':
    case 'cutout':
    case 'voice':
    case 'transcript':
      return { ...recipe, source: await inlined(recipe.source) };
    case 'clip':
      return { ...recipe, source: await inlined(recipe.source), audio: await inlinedIfGiven(recipe.audio) };
    case 'sound':
      return { ...recipe, source: await inlinedIfGiven(recipe.source) };
    case 'video': {
      const given = [recipe.source, recipe.end, recipe.audio];
      const [source, end, audio] = await Promise.all(given.map(inlinedIfGiven));
      return { ...recipe, source, end, audio };
    }
    case 'vector':
      return { ...recipe, source: await inlinedIfGiven(recipe.source) };
    case 'answer':
      return { ...recipe, images: await Promise.all(recipe.images.map(inlined)) };
    case 'speech':
      return recipe;
  }
}

async function inlinedIfGiven(source: string | undefined): Promise<string | undefined> {
  return source === undefined ? undefined : inlined(source);
}

async function inlinedMask(rework: Rework): Promise<Rework> {
  if (!('mask' in rework) || rework.mask === undefined) return rework;
  return { ...rework, mask: await inlined(rework.mask) };
}

async function inlined(source: string): Promise<string> {
  if (source.startsWith('data:')) return source;
  return `data:;base64,${(await readSource(source)).toString('base64')}`;
}

async function make(
  recipe: Exclude<Recipe, { kind: 'answer' | 'transcript' }>,
  frameRateMax: number,
): Promise<Made> {
  switch (recipe.kind) {
    case 'picture':
      return makePicture(recipe);
    case 'vector':
      return makeVector(recipe);
    case 'upscale':
      return upscalePicture(recipe);
    case 'cutout':
      return makeCutout(recipe);
    case 'video':
      return makeVideo(recipe, frameRateMax);
    case 'clip':
      return remakeVideo(recipe, frameRateMax);
    case 'sound':
      return makeSound(recipe);
    case 'voice':
      return changeVoice(recipe);
    case 'speech':
      return makeSpeech(recipe);
  }
}

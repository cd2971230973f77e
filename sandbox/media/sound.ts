import { Random } from './random';
import type { Made, SoundRecipe, VoiceRecipe } from './recipe';
import { readSource } from './read-source';
import { runOnSource } from './run-on-source';
import { runMediaTask } from './run-media-task';
import { asSound, encodingOf } from './speech';

/** A sound effect or a piece of music, by the prompt and the seed alone. */
export async function makeSound(recipe: SoundRecipe): Promise<Made> {
  const { style, prompt, seed, seconds, source, format } = recipe;
  const task = {
    kind: 'sound',
    composition: { style, prompt, seed, seconds },
    encoding: encodingOf(format),
  } as const;
  if (source === undefined) return asSound(await runMediaTask(task), format);
  const lengthOf = await readSource(source);
  return asSound(await runOnSource(source, { ...task, lengthOf }), format);
}

/** The given recording in the pitch of another voice. */
export async function changeVoice({ source, voice, format }: VoiceRecipe): Promise<Made> {
  const pitch = voice === undefined ? 1 : new Random(`pitch/${voice}`).pick([0.8, 0.88, 1.12, 1.25]);
  const sound = await readSource(source);
  return asSound(
    await runOnSource(source, { kind: 'voice', sound, pitch, encoding: encodingOf(format) }),
    format,
  );
}

import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import type { Endpoint } from '../table/provider-node';

/** One call that answers with the result. `voice_id` and `output_format` go into the address. */
function call(operation: string): Endpoint {
  return { provider: 'elevenlabs', label: 'ElevenLabs', operation, execution: 'sync', media: 'bytes' };
}

export const elevenlabsSpeech = call('speech');
export const elevenlabsDialogue = call('dialogue');
export const elevenlabsSoundEffect = call('sound_effect');
export const elevenlabsMusic = call('music');
export const elevenlabsVoiceChanger = call('voice_changer');
export const elevenlabsTranscription = call('transcription');

/** The bytes of the answer. */
export function elevenlabsSound({ bytes }: ProviderReply): Readonly<Record<string, OutputItem>> {
  if (bytes && bytes.length > 0) return { audio: { kind: 'bytes', bytes } };
  throw new UnexpectedReplyError('The answer of ElevenLabs holds no audio.');
}

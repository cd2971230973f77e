import type { NodeDefinition } from '../node-definition';
import { audioNodes } from './audio-nodes';
import { embeddingNodes } from './embedding-nodes';
import { controlNodes } from './control-nodes';
import { editNodes } from './edit-nodes';
import { fluxNodes } from './flux-nodes';
import { googleImageNodes } from './google-image-nodes';
import { googleSpeechNodes } from './google-speech-nodes';
import { inputNodes } from './input-nodes';
import { jsonUtilityNodes } from './json-utility-nodes';
import { judgeNodes } from './judge-nodes';
import { klingVideoNodes } from './kling-video-nodes';
import { listUtilityNodes } from './list-utility-nodes';
import { localMediaNodes } from './local-media-nodes';
import { mathUtilityNodes } from './math-utility-nodes';
import { moderationNodes } from './moderation-nodes';
import { outputNodes } from './output-nodes';
import { openaiImageNodes } from './openai-image-nodes';
import { omniVideoNodes } from './omni-video-nodes';
import { seedanceVideoNodes } from './seedance-video-nodes';
import { soundNodes } from './sound-nodes';
import { speechNodes } from './speech-nodes';
import { talkingVideoNodes } from './talking-video-nodes';
import { moreUtilityNodes } from './more-utility-nodes';
import { recraftNodes } from './recraft-nodes';
import { seedreamNodes } from './seedream-nodes';
import { stabilityNodes } from './stability-nodes';
import { textNodes } from './text-nodes';
import { textTaskNodes } from './text-task-nodes';
import { textUtilityNodes } from './text-utility-nodes';
import { translateNodes } from './translate-nodes';
import { transcriptionNodes } from './transcription-nodes';
import { upscaleNodes } from './upscale-nodes';
import { veoVideoNodes } from './veo-video-nodes';
import { videoNodes } from './video-nodes';
import { visionNodes } from './vision-nodes';

/** Every node type there is: one line per family file. */
export const nodeDefinitions: readonly NodeDefinition[] = [
  ...inputNodes,
  ...controlNodes,
  ...outputNodes,
  ...textNodes,
  ...textTaskNodes,
  ...translateNodes,
  ...visionNodes,
  ...judgeNodes,
  ...moderationNodes,
  ...embeddingNodes,
  ...fluxNodes,
  ...googleImageNodes,
  ...openaiImageNodes,
  ...seedreamNodes,
  ...recraftNodes,
  ...stabilityNodes,
  ...editNodes,
  ...upscaleNodes,
  ...videoNodes,
  ...klingVideoNodes,
  ...veoVideoNodes,
  ...omniVideoNodes,
  ...seedanceVideoNodes,
  ...talkingVideoNodes,
  ...audioNodes,
  ...speechNodes,
  ...googleSpeechNodes,
  ...soundNodes,
  ...transcriptionNodes,
  ...localMediaNodes,
  ...textUtilityNodes,
  ...jsonUtilityNodes,
  ...mathUtilityNodes,
  ...listUtilityNodes,
  ...moreUtilityNodes,
];

const byType: ReadonlyMap<string, NodeDefinition> = new Map(
  nodeDefinitions.map((definition) => [definition.type, definition]),
);

/** @returns undefined for a type that this release does not know. */
export function nodeDefinition(type: string): NodeDefinition | undefined {
  return byType.get(type);
}

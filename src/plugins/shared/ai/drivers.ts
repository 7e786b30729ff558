// The driver of a model, by its provider and format.
import type { Driver, Model } from './driver.ts';
import { anthropic } from './providers/anthropic.ts';
import { bedrock } from './providers/bedrock.ts';
import { cohere } from './providers/cohere.ts';
import { gemini } from './providers/gemini.ts';
import { huggingface } from './providers/huggingface.ts';
import { azure, mistral, openai, ownOpenai } from './providers/openai.ts';
import { llamaRaw, ollama } from './providers/own-models.ts';

const FIXED = { openai, azure, anthropic, cohere, gemini, bedrock, huggingface } as const;

export function driverOf({ provider, options }: Model): Driver {
  if (provider === 'mistral') return options?.mistral_format === 'ollama' ? ollama : mistral;
  if (provider !== 'llama2') return FIXED[provider];
  if (options?.llama2_format === 'ollama') return ollama;
  return options?.llama2_format === 'openai' ? ownOpenai : llamaRaw;
}

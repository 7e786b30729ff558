import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask, Model } from './driver.ts';
import { driverOf } from './drivers.ts';

const ask = (options: object, more: Partial<Ask> = {}): Ask => ({
  operation: 'chat',
  request: {},
  name: 'm:1',
  options,
  streams: false,
  ...more,
});

for (const [provider, options, more, url] of [
  ['openai', {}, {}, 'https://api.openai.com/v1/chat/completions'],
  ['openai', {}, { operation: 'completions' }, 'https://api.openai.com/v1/completions'],
  [
    'azure',
    { azure_instance: 'i', azure_deployment_id: 'd', azure_api_version: '2023-05-15' },
    {},
    'https://i.openai.azure.com/openai/deployments/d/chat/completions?api-version=2023-05-15',
  ],
  ['anthropic', {}, {}, 'https://api.anthropic.com/v1/messages'],
  ['anthropic', {}, { operation: 'completions' }, 'https://api.anthropic.com/v1/complete'],
  ['cohere', {}, {}, 'https://api.cohere.com/v1/chat'],
  ['cohere', {}, { operation: 'completions' }, 'https://api.cohere.com/v1/generate'],
  ['mistral', { mistral_format: 'openai' }, {}, 'https://api.mistral.ai/v1/chat/completions'],
  ['gemini', {}, {}, 'https://generativelanguage.googleapis.com/v1beta/models/m%3A1:generateContent'],
  [
    'gemini',
    {},
    { streams: true },
    'https://generativelanguage.googleapis.com/v1beta/models/m%3A1:streamGenerateContent?alt=sse',
  ],
  [
    'gemini',
    { gemini: { api_endpoint: 'eu.test', project_id: 'p', location_id: 'l' } },
    {},
    'https://eu.test/v1/projects/p/locations/l/publishers/google/models/m%3A1:generateContent',
  ],
  [
    'bedrock',
    { bedrock: { aws_region: 'eu-west-1' } },
    { streams: true },
    'https://bedrock-runtime.eu-west-1.amazonaws.com/model/m%3A1/converse-stream',
  ],
  ['huggingface', {}, { name: 'org/m' }, 'https://api-inference.huggingface.co/models/org/m'],
] as const) {
  test(`${provider} is at ${url}`, () => {
    const model = { provider, name: null, options } as unknown as Model;
    assert.equal(driverOf(model).url(ask(options, more)), url);
  });
}

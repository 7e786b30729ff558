// A language model and how to reach it: the fields and rules that every plugin with a model has.
import { type JsonObject, valueAt } from '../../lib/json.ts';
import type { EntityCheck } from '../../schema/define.ts';
import { deprecated } from './deprecated.ts';
import { url } from './url.ts';

const text = { type: 'string', referenceable: true } as const;
const secret = { ...text, encrypted: true } as const;

const auth = {
  type: 'record',
  description: 'Credentials for the provider.',
  fields: {
    header_name: { ...text, description: 'Header that carries the credential.' },
    header_value: { ...secret, description: 'Value of that header.' },
    param_name: { ...text, description: 'Parameter that carries the credential.' },
    param_value: { ...secret, description: 'Value of that parameter.' },
    param_location: { type: 'string', one_of: ['query', 'body'], description: 'Where the parameter goes.' },
    gcp_use_service_account: {
      type: 'boolean',
      default: false,
      description: 'Authenticate with a Google Cloud service account.',
    },
    gcp_service_account_json: { ...secret, description: 'Key file of the service account, as JSON.' },
    aws_access_key_id: { ...secret, description: 'AWS access key for Bedrock.' },
    aws_secret_access_key: { ...secret, description: 'Secret of the AWS access key.' },
    allow_override: {
      type: 'boolean',
      default: false,
      description: 'Let a credential that the client sent win.',
    },
  },
} as const;

const options = {
  type: 'record',
  description: 'Settings of the model.',
  fields: {
    max_tokens: { type: 'integer', description: 'Most tokens of an answer when the request does not say.' },
    input_cost: { type: 'number', gt: 0, description: 'Price of a million tokens of prompts.' },
    output_cost: { type: 'number', gt: 0, description: 'Price of a million tokens of answers.' },
    temperature: { type: 'number', between: [0, 5], description: 'Temperature of the sampling.' },
    top_p: { type: 'number', between: [0, 1], description: 'Probability mass to sample from.' },
    top_k: { type: 'integer', between: [0, 500], description: 'Number of tokens to sample from.' },
    anthropic_version: { type: 'string', description: 'Version of the Anthropic API.' },
    azure_instance: { type: 'string', description: 'Name of the Azure OpenAI instance.' },
    azure_api_version: { type: 'string', default: '2023-05-15', description: 'Version of the Azure OpenAI API.' },
    azure_deployment_id: { type: 'string', description: 'Deployment in the Azure OpenAI instance.' },
    llama2_format: {
      type: 'string',
      one_of: ['raw', 'openai', 'ollama'],
      description: 'Format that the Llama 2 server speaks.',
    },
    mistral_format: {
      type: 'string',
      one_of: ['openai', 'ollama'],
      description: 'Format that the Mistral server speaks.',
    },
    upstream_url: { ...url, description: 'Address to call in place of that of the provider.' },
    upstream_path: {
      type: 'string',
      deprecation: deprecated(
        'llm: config.model.options.upstream_path is deprecated, please use config.model.options.upstream_url instead',
      ),
      description: 'Path to call in place of that of the provider.',
    },
    gemini: {
      type: 'record',
      description: 'Settings for Gemini on Vertex AI.',
      fields: {
        api_endpoint: { type: 'string', description: 'Host of the Vertex AI API.' },
        project_id: { type: 'string', description: 'Google Cloud project.' },
        location_id: { type: 'string', description: 'Google Cloud location.' },
      },
      entity_checks: [{ check: 'mutually_required', fields: ['api_endpoint', 'project_id', 'location_id'] }],
    },
    bedrock: {
      type: 'record',
      description: 'Settings for Bedrock.',
      fields: {
        aws_region: { type: 'string', description: 'AWS region; that of the environment when unset.' },
      },
    },
    huggingface: {
      type: 'record',
      description: 'Settings for Hugging Face.',
      fields: {
        use_cache: { type: 'boolean', description: 'Let the provider answer from its cache.' },
        wait_for_model: { type: 'boolean', description: 'Wait while the model is loaded.' },
      },
    },
  },
} as const;

export const modelFields = {
  route_type: {
    type: 'string',
    required: true,
    one_of: ['llm/v1/chat', 'llm/v1/completions', 'preserve'],
    description: 'Operation of the model; `preserve` passes requests on as they are.',
  },
  auth,
  model: {
    type: 'record',
    required: true,
    description: 'The model.',
    fields: {
      provider: {
        type: 'string',
        required: true,
        one_of: ['openai', 'azure', 'anthropic', 'cohere', 'mistral', 'llama2', 'gemini', 'bedrock', 'huggingface'],
        description: 'Who runs the model.',
      },
      name: { type: 'string', description: 'Name of the model; the one the request asks for when unset.' },
      options,
    },
  },
  logging: {
    type: 'record',
    required: true,
    description: 'What the log record tells about the model.',
    fields: {
      log_statistics: {
        type: 'boolean',
        required: true,
        default: false,
        description: 'Log tokens, costs and times.',
      },
      log_payloads: { type: 'boolean', required: true, default: false, description: 'Log prompts and answers.' },
    },
  },
} as const;

const needs = (provider: string, option: string, who = `${provider} provider`): EntityCheck => ({
  check: 'conditional_at_least_one_of',
  if_field: 'model.provider',
  if_match: { one_of: [provider] },
  then_at_least_one_of: [`model.options.${option}`],
  then_err: `must set %s for ${who}`,
});

export const modelChecks: readonly EntityCheck[] = [
  {
    check: 'conditional',
    if_field: 'model.provider',
    if_match: { one_of: ['bedrock', 'gemini'] },
    then_field: 'auth.allow_override',
    then_match: { eq: false },
    then_err: 'bedrock and gemini only support auth.allow_override = false',
  },
  { check: 'mutually_required', fields: ['auth.header_name', 'auth.header_value'] },
  { check: 'mutually_required', fields: ['auth.param_name', 'auth.param_value', 'auth.param_location'] },
  needs('llama2', 'llama2_format'),
  needs('mistral', 'mistral_format'),
  needs('anthropic', 'anthropic_version'),
  needs('azure', 'azure_instance'),
  needs('azure', 'azure_api_version'),
  needs('azure', 'azure_deployment_id'),
  needs('llama2', 'upstream_url', 'self-hosted providers/models'),
  { check: 'custom_entity_check', fields: ['route_type', 'model', 'logging'], run: checkStatistics },
];

/** That provider tells no token counts for this operation. */
function checkStatistics(config: JsonObject): string | undefined {
  const isCounted = valueAt(config, ['logging', 'log_statistics']) === true;
  const isAnthropic = valueAt(config, ['model', 'provider']) === 'anthropic';
  return isCounted && isAnthropic && config['route_type'] === 'llm/v1/completions'
    ? 'anthropic does not support statistics when route_type is llm/v1/completions'
    : undefined;
}

/** Formats of the client, and the limit for its bodies: fields of most plugins for prompts. */
export const maxRequestBodySize = {
  type: 'integer',
  default: 8192,
  gt: 0,
  description: 'Most bytes of a request body that the plugin reads.',
} as const;

export const llmFormat = {
  type: 'string',
  default: 'openai',
  one_of: ['openai', 'bedrock', 'gemini'],
  description: 'Format of the requests.',
} as const;

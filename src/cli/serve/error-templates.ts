// `error_default_type` and the files of `error_template_*`: what takes the place of the gateway's own error bodies.
import { readFileSync } from 'node:fs';
import type { Config } from '../../config/load.ts';
import type { ErrorPages } from '../../gateway/error-page.ts';
import { GwctlError } from '../../lib/errors.ts';

const FORMATS = {
  'application/json': 'json',
  'application/xml': 'xml',
  'text/html': 'html',
  'text/plain': 'plain',
} as const;

export function errorPages(config: Config): ErrorPages {
  const { error_template_html, error_template_json, error_template_plain, error_template_xml } = config;
  const files = Object.entries({ error_template_html, error_template_json, error_template_plain, error_template_xml });
  const templates: Record<string, string> = {};
  for (const [property, path] of files) {
    if (path !== null) templates[property.slice('error_template_'.length)] = readTemplate(property, path);
  }
  return { defaultFormat: FORMATS[config.error_default_type], templates };
}

function readTemplate(property: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new GwctlError('E_CONFIG', `${property}: cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (text.split('%s').length === 3) return text;
  throw new GwctlError('E_CONFIG', `${property}: ${path} must have two places for text, each written %s`, {
    hint: 'The first is for the message, the second for the id of the request.',
  });
}

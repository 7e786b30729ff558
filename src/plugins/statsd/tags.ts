// Tags beside the value: each receiver has its own notation, and only one of them has room for the rate.
import { cleanTag, rateSuffix } from '../shared/metric-lines.ts';

export type TagStyle = 'dogstatsd' | 'influxdb' | 'librato' | 'signalfx';
export type Tag = readonly [name: string, value: string | undefined];

export function tagLine(
  style: TagStyle,
  name: string,
  value: string,
  letters: string,
  rate: number | null,
  tags: readonly Tag[],
): string {
  const clean = style === 'dogstatsd' ? cleanTag : cleanValue;
  const known = tags.flatMap(([key, text]) => (text === undefined ? [] : [[key, clean(text)] as const]));
  if (known.length === 0) return `${name}:${value}|${letters}${rateSuffix(rate)}`;
  const list = known.map(([key, text]) => `${key}=${text}`).join(',');
  switch (style) {
    case 'dogstatsd':
      return `${name}:${value}|${letters}${rateSuffix(rate)}|#${known.map(([key, text]) => `${key}:${text}`).join(',')}`;
    case 'influxdb':
      return `${name},${list}:${value}|${letters}`;
    case 'librato':
      return `${name}#${list}:${value}|${letters}`;
    case 'signalfx':
      return `${name}[${list}]:${value}|${letters}`;
  }
}

/** Where tags are a part of the name, a colon would end it. */
const cleanValue = (text: string): string => cleanTag(text).replace(/[:=]/g, '_');

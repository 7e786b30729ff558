// Names and ids of what is made of an OpenAPI document. The same document gives the same names and ids everywhere, and those
// that decK gives: ids are UUIDs of version 5 in the DNS namespace, of the name and the kind of thing.
import { uuidV5 } from '../../../lib/ids.ts';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

export interface Names {
  /** What joins the parts of a name. */
  readonly joint: string;
  slug(text: string): string;
  /** A path parameter as the name of a capture in a regular expression. */
  capture(text: string): string;
  /** `{id}` or nothing, to be spread into an entity. */
  id(text: string): { id?: string };
}

export interface NameOptions {
  /** `inso`: as the command line of Insomnia names things. */
  readonly style: 'deck' | 'inso';
  readonly ids: 'make' | 'omit';
}

export function createNames({ style, ids }: NameOptions): Names {
  const isInso = style === 'inso';
  const clean = (text: string, allowed: RegExp, filler: string): string =>
    toLatin(isInso ? text : text.toLowerCase())
      .replaceAll(allowed, filler)
      .replaceAll(new RegExp(`${filler}{2,}`, 'g'), filler)
      .replaceAll(new RegExp(`^${filler}+|${filler}+$`, 'g'), '');
  return {
    joint: isInso ? '-' : '_',
    slug: (text) => (isInso ? clean(text, /[^A-Za-z0-9-]/g, '_') : clean(text, /[^a-z0-9-]/g, '-')),
    // A capture may not begin with a digit.
    capture: (text) => clean(text, /[^A-Za-z0-9_]/g, '_').replace(/^\d/, '_$&'),
    id: (text) => (ids === 'omit' || isInso ? {} : { id: uuidV5(DNS, text) }),
  };
}

/** Letters that have no base letter plus accent. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  þ: 'th',
  Þ: 'Th',
  ı: 'i',
};

const toLatin = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[ßæÆœŒøØłŁđĐðþÞı]/g, (letter) => LETTERS[letter]!);

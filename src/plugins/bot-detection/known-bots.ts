// How known crawlers, link previews, monitors and HTTP libraries call themselves. The surprise: `curl`, browsers and plain
// words are not among them, and phones called "Cubot" are no bots.

/** Followed by a version: `name/1`. */
// biome-ignore format: one word a line would be pages
const WITH_VERSION = [
  '008', 'Altresium', 'Argus', 'BaiduMobaider', 'BoardReader', 'Boto', 'Boto3', 'DNSGroup', 'DataparkSearch', 'EDI',
  'Goodzer', 'Grub', 'INGRID', 'Infohelfer', 'JetS3t', 'LOOQ', 'LinkedInBot', 'Nutch', 'PathDefender', 'Peew', 'PostPost',
  'Steeler', 'Twitterbot', 'VSE', 'WebCrunch', 'WebZIP', 'YahooSeeker', 'aws-cli', 'envolk', 'facebookexternalhit', 's3fs',
  'sproose', 'wminer',
];

/** Anywhere in the text; names that a sign below finds are not listed. */
// biome-ignore format: one word a line would be pages
const NAMES = [
  // HTTP libraries and tools.
  'aihttp', 'Apache-HttpClient', 'axios', 'Commons-HttpClient', 'Go-http-client', 'Google-HTTP-Java-Client',
  'http%20client', 'HttpMonitor', 'JNLP', 'lwp-trivial', 'okhttp', 'Python-urllib', 'reqwest', 'scalaj-http',
  'Squrl Java', 'TLSProber', 'unirest-java', 'unirest-net', 'unirest-nodejs', 'unirest-php', 'unirest-python',
  'unirest-ruby', 'WinHTTP',
  // Search, archives, previews, feed readers, monitors.
  '50.nu', 'Aboundex', 'almaden', 'altavista', 'Apercite', 'AppEngine-Google', 'archiver', 'Ask Jeeves',
  'BingPreview', 'BlogBridge', 'Bloglines', 'Bloglovin', 'BoardReader Blog Indexer', 'boitho.com-dc', 'BotSeer',
  'BUbiNG', 'Catchpoint', 'CC Metadata Scaper', 'CCBot', 'Charlotte', 'charlotte', 'Checklinks', 'Cityreview',
  'clumboot', 'coccoc', 'contentkingapp', 'Daumoa', 'DealGates', 'favicon', 'Favicon Fetcher', 'Feedbin',
  'FeedBurner', 'FeedFetcher-Google', 'findlinks', 'Flamingo_SearchEngine', 'flipboardproxy', 'Genieo', 'GomezAgent',
  'gonzo1', 'Google SketchUp', 'Google-Site-Verification', 'Google-Structured-Data-Testing-Tool', 'grub-client',
  'HeartRails_Capture', 'Heritrix', 'heritrix', 'HiddenMarket', 'holmes', 'HooWWWer', 'htdig', 'Icarus6j', 'ichiro',
  'IconSurf', 'IlTrovatore', 'InfuzApp', 'InternetArchive', 'Kraken', 'Kurzor', 'larbin', 'LEIA', 'Lijit',
  'LinkAider', 'linkdex', 'LinkScan', 'Llaut', 'lycos', 'mabontland', 'MagpieRSS', 'masscan', 'Mediapartners-Google',
  'mogimogi', 'mozDex', 'Mtps Feed Aggregation System', 'Netcraft', 'netresearch', 'NetResearchServer', 'Netvibes',
  'NewsBlur', 'NewsGator', 'Nigma.ru', 'nuhk', 'Nutch', 'Nymesis', 'ObjectsSearch', 'oegp', 'OgScrper', 'omgili',
  'OOZBOT', 'Orbiter', 'PagePeeker', 'PagesInventory', 'PaxleFramework', 'Peepo', 'Plukkie', 'Pompos',
  'PrivacyFinder', 'Qwantify', 'R6_CommentReader', 'R6_FeedFetcher', 'Read%20Later', 'Reaper', 'RedCarpet',
  'Retreiver', 'Riddler', 'Rival IQ', 'Rivva', 'RSSMicro', 'scooter', 'ScoutJet', 'Scrapy', 'Scrubby', 'searchsight',
  'semanticdiscovery', 'seokicks', 'SEOstats', 'ShopWiki', 'SimplePie', 'SimpleRSS', 'Simpy', 'SiteCon', 'SiteUptime',
  'Slack-ImgProxy', 'Slurp', 'snappy', 'StackRambler', 'Stringer', 'Thumbshots.ru', 'Tiny Tiny RSS', 'UnwindFetchor',
  'URL2PNG', 'Vagabondo', 'Web-sniffer', 'webcollage', 'WebThumb', 'WeSEE:', 'WhatsApp', 'WhatWeb', 'WIRE',
  'WordPress', 'Wotbox', 'www.monitor.us', 'XML Sitemaps Generator', 'yacy', 'YahooSeeker', 'YandexDirect',
  'YandexImages', 'YandexMetrika', 'YandexWebmaster', 'Yeti', 'YottaaMonitor', 'Yowedo', 'Zemanta', 'ZooShot',
  'ZyBorg',
];

/** What bots have in common: `spider`, `crawl…`, `…bot`, `…archiver/1`; and names that are one only where they stand. */
const SIGNS = [
  '[Ss][Pp][Ii][Dd][Ee][Rr]',
  '[Cc][Rr][Aa][Ww][Ll]',
  '[Ss]crape',
  '[^C][^Uu][Bb]ot',
  '(?:[Aa]rchiver|[Ii]ndexer|[Bb]ot)[/ ]\\d',
  '/(?:[A-Za-z]{1,60}[Bb]ot|Axtaris|fetchurl|Isara|ShopSalad|Tailsweep)[ -]\\d',
  'aws-sdk-[a-z]',
  'Y!J-BR[A-Z]/',
  ' PTST/\\d',
  'jbot\\b',
  '^(?:NING|vortex|voyager|Zao)',
  'Accoona-[A-Za-z]{1,30}-Agent',
  "Xenu(?:'s)? Link Sleuth",
  '/\\+/web/snippet',
];

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\!]/g, '\\$&');

/** One expression for all of them. Nothing in it repeats without a bound, so a long text costs its length. */
export const knownBots = (): RegExp =>
  new RegExp(`(?:${WITH_VERSION.map(literal).join('|')})/\\d|${NAMES.map(literal).join('|')}|${SIGNS.join('|')}`);

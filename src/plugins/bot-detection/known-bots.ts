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

/** Anywhere in the text. */
// biome-ignore format: one word a line would be pages
const NAMES = [
  // HTTP libraries and tools.
  'Apache-HttpClient', 'Go-http-client', 'Google-HTTP-Java-Client', 'HttpMonitor', 'JNLP', 'Python-urllib', 'TLSProber',
  'WinHTTP', 'aihttp', 'axios', 'http%20client', 'okhttp', 'reqwest', 'scalaj-http', 'unirest-java', 'unirest-net',
  'unirest-nodejs', 'unirest-php', 'unirest-python', 'unirest-ruby',
  // Search, archives, previews, monitors.
  '1470.net crawler', '50.nu', 'Aboundex', 'AdsBot-Google', 'AhrefsBot', 'Apercite', 'Applebot', 'Ask Jeeves',
  'BUbiNG', 'Baiduspider', 'BingPreview', 'Bloglines', 'BoogleBot', 'CC Metadata Scaper', 'CCBot', 'CatchBot',
  'Cityreview', 'Commons-HttpClient', 'DealGates', 'Diffbot', 'Discordbot', 'DotBot', 'DuckDuckBot', 'EtaoSpider',
  'Exabot', 'FDSE robot', 'FRCrawler', 'Facebot', 'FeedBurner', 'FeedFetcher-Google', 'Genieo', 'Gigabot',
  'GomezAgent', 'Google-Site-Verification', 'Google-Structured-Data-Testing-Tool', 'Googlebot', 'HeartRails_Capture',
  'Heritrix', 'HiddenMarket', 'HolmesBot', 'HooWWWer', 'IlseBot', 'JikeSpider', 'Kraken', 'Lijit', 'LinkScan',
  'Linguee Bot', 'MJ12bot', 'MagpieRSS', 'Mediapartners-Google', 'NetResearchServer', 'Netcraft', 'Netvibes',
  'NewsGator', 'NewsBlur', 'Nigma.ru', 'OpenindexSpider', 'PagesInventory', 'Peepo', 'PetalBot',
  'Pingdom.com_bot_version_', 'Pinterestbot', 'Plukkie', 'PrivacyFinder', 'QuerySeekerSpider', 'R6_CommentReader',
  'R6_FeedFetcher', 'RSSMicro', 'Riddler', 'Rivva', 'Scrapy', 'ScoutJet', 'Scrubby', 'SemrushBot', 'Shim-Crawler',
  'ShopWiki', 'SiteUptime', 'Slackbot', 'Slurp', 'Snapbot', 'Sogou web spider', 'Speedy Spider', 'StackRambler',
  'Swiftbot', 'TelegramBot', 'Tiny Tiny RSS', 'UnwindFetchor', 'UptimeRobot', 'Vagabondo', 'VoilaBot', 'WebThumb',
  'WhatsApp', 'WordPress', 'XML Sitemaps Generator', 'Yahoo! Slurp', 'Yeti', 'YodaoBot', 'Zemanta', 'ZumBot', 'agbot',
  'almaden', 'archive.org_bot', 'bingbot', 'bitlybot', 'blekkobot', 'boitho.com-dc', 'coccoc', 'contentkingapp',
  'dotbot', 'findlinks', 'flipboardproxy', 'ia_archiver', 'ichiro', 'iisbot', 'larbin', 'linkdex', 'lwp-trivial',
  'mabontland', 'magpie-crawler', 'msnbot', 'netestate NE Crawler', 'nuhk', 'oegp', 'omgili', 'psbot', 'rogerbot',
  'seokicks', 'spbot', 'special_archiver', 'toplistbot', 'webcollage', 'www.monitor.us', 'yacybot',
];

/** What bots have in common: `spider`, `crawl…`, `…bot`, `…archiver/1`, a preview or a test by its own sign. */
const SIGNS = [
  '[Ss][Pp][Ii][Dd][Ee][Rr]',
  '[Cc][Rr][Aa][Ww][Ll]',
  '[Ss]crape',
  '[^C][^Uu][Bb]ot',
  '(?:[Aa]rchiver|[Ii]ndexer|[Bb]ot)/\\d',
  '/[A-Za-z]{1,60}[Bb]ot[ -]\\d',
  'aws-sdk-[a-z]',
  'Y!J-BR[A-Z]/',
  ' PTST/\\d',
  'MSIECrawler',
  '/\\+/web/snippet',
];

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\!]/g, '\\$&');

/** One expression for all of them. Nothing in it repeats without a bound, so a long text costs its length. */
export const knownBots = (): RegExp =>
  new RegExp(`(?:${WITH_VERSION.map(literal).join('|')})/\\d|${NAMES.map(literal).join('|')}|${SIGNS.join('|')}`);

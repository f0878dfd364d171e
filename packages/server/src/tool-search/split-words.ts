const MAX_TEXT_LENGTH = 8192
const MAX_WORDS = 1000

/** Word starts within a name: `createIssue`, `HTTPServer`; digits stay with their letters (`s3`, `oauth2`). */
const CAMEL = /(\p{Ll}|\p{N})(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu
const WORD = /[\p{L}\p{N}]+/gu

/** What hangs on a word by an apostrophe: `what's`, `I'm`, `haven't`. */
const CLITIC = /['’](?:s|m|re|ve|ll|d|t)\b/giu

/** The words of a text or a name that say something, in lower case, each by its stem. */
export function splitWords(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stemOf)
}

/** What the shape of a part tells: an address, a number to call, an issue's key, a file's name. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{2,63}/, 'email'],
  [/(?:^|\s)\+\d[\d ]{6,20}/, 'phone'],
  [/\b[A-Z]{2,10}-\d{1,6}\b/, 'issue key'],
  [/https?:\/\//, 'url'],
  [/\b[\w-]{1,64}\.(?:txt|md|json|csv|ya?ml|log|ini|xml|html|pdf|docx?|xlsx?)\b/, 'file'],
  [/#[a-z][\w-]{0,40}/, 'channel'],
]

/** Words for what a query holds as such. */
export function wordsOfShapes(query: string): string[] {
  return SHAPES.flatMap(([shape, words]) => (shape.test(query) ? splitPlain(words) : []))
}

/** All words by their stems, those that say nothing by themselves included. */
export function splitPlain(text: string): string[] {
  return wordsOf(text).map(stemOf)
}

/** At most 1,000 words of the first 8,192 characters. */
function wordsOf(text: string): string[] {
  const apart = text.slice(0, MAX_TEXT_LENGTH).replaceAll(CLITIC, '').replaceAll(CAMEL, '$1$2 ')
  return (apart.match(WORD) ?? []).slice(0, MAX_WORDS).map((word) => word.toLowerCase())
}

/** Light stemming: plurals and the usual endings of verbs, so that `issues`, `created` and `creating` meet their base. */
export function stemOf(word: string): string {
  if (word.length <= 3 || /[^a-z]/.test(word)) return word
  let stem = word
  if (stem.endsWith('ies') && stem.length > 4) stem = `${stem.slice(0, -3)}y`
  else if (/(?:ss|x|ch|sh|zz)es$/.test(stem)) stem = stem.slice(0, -2)
  else if (stem.endsWith('s') && !/(?:ss|us|is)$/.test(stem)) stem = stem.slice(0, -1)
  if (stem.endsWith('ing') && stem.length > 5) stem = undouble(stem.slice(0, -3))
  else if (stem.endsWith('ied') && stem.length > 4) stem = `${stem.slice(0, -3)}y`
  else if (stem.endsWith('ed') && stem.length > 4) stem = undouble(stem.slice(0, -2))
  // A silent e goes everywhere, since `creating` does not show it.
  return stem.length > 3 && stem.endsWith('e') ? stem.slice(0, -1) : stem
}

function undouble(stem: string): string {
  return /([bdgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem
}

/** Words that say nothing of what a tool does. */
const STOP_WORDS = new Set(
  (
    'a an the and or of to in on for from with by at as is are be it its this that these those i me my we our you your ' +
    'can could would should do does did please want need how what which who whose when where there here am was were will ' +
    'has have had not if then than so any some into out up about via using use used given one ' +
    'me us them him her he she they their his just let someone somebody something really much many only too very ' +
    'please every each own going go come came get got gets like'
  ).split(' '),
)

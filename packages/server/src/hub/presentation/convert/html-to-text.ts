const BLOCKS = new Set(
  'address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table tr ul'.split(
    ' ',
  ),
)
/** What is in them is not said to the reader. */
const HIDDEN = new Set(['script', 'style', 'template', 'noscript', 'head', 'svg', 'iframe', 'object'])
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  euro: '€',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
}

/** The words of a page, images by their `alt`. Each character is looked at once; what is not well formed stays text. */
export function htmlToText(html: string): string {
  let out = ''
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) return tidy(out + wordsOf(html.slice(at)))
    out += wordsOf(html.slice(at, open))
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4)
      at = end < 0 ? html.length : end + 3
      continue
    }
    const tag = readTag(html, open)
    if (tag === 'endless') return tidy(out + wordsOf(html.slice(open)))
    if (!tag) {
      out += '<'
      at = open + 1
      continue
    }
    at = HIDDEN.has(tag.name) && !tag.isEnd ? skip(html, tag) : tag.end
    out += breakFor(tag)
  }
  return tidy(out)
}

interface Tag {
  readonly name: string
  readonly isEnd: boolean
  readonly attributes: string
  readonly end: number
}

const NAME = /<(\/?)([a-zA-Z][a-zA-Z0-9-]{0,40})/y

/** `endless`: no tag from here on has an end, so that none is looked for again. */
function readTag(html: string, open: number): Tag | 'endless' | undefined {
  NAME.lastIndex = open
  const head = NAME.exec(html)
  if (!head) {
    if (html[open + 1] !== '!' && html[open + 1] !== '?') return undefined
    const end = html.indexOf('>', open)
    return end < 0 ? 'endless' : { name: '', isEnd: false, attributes: '', end: end + 1 }
  }
  const start = open + head[0].length
  let quote = ''
  for (let at = start; at < html.length; at++) {
    const one = html[at]!
    if (quote !== '') {
      if (one === quote) quote = ''
    } else if (one === '"' || one === "'") quote = one
    else if (one === '>')
      return {
        name: head[2]!.toLowerCase(),
        isEnd: head[1] === '/',
        attributes: html.slice(start, at),
        end: at + 1,
      }
  }
  return 'endless'
}

function skip(html: string, { name, end }: Tag): number {
  const close = new RegExp(`</${name}\\b[^>]{0,200}>`, 'gi')
  close.lastIndex = end
  return close.exec(html) ? close.lastIndex : html.length
}

function breakFor({ name, isEnd, attributes }: Tag): string {
  if (name === 'img')
    return wordsOf(
      /\balt\s{0,9}=\s{0,9}(?:"([^"]{0,2000})"|'([^']{0,2000})')/i.exec(attributes)?.slice(1).join('') ?? '',
    )
  if (name === 'li') return isEnd ? '' : '\n- '
  if (name === 'td' || name === 'th') return isEnd ? '; ' : ''
  if (name === 'p' || /^h[1-6]$/.test(name)) return '\n\n'
  return BLOCKS.has(name) ? '\n' : ''
}

function wordsOf(text: string): string {
  return text
    .replace(/[ \t\r\n\f]+/g, ' ')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-zA-Z]{2,8}));/gi, (whole, decimal, hex, name: string) => {
      if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
      const isText = code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      return isText ? String.fromCodePoint(code) : ''
    })
}

function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.trim().replace(/;$/, ''))
  return lines
    .filter((line, at) => line !== '' || (at > 0 && lines[at - 1] !== ''))
    .join('\n')
    .trim()
}

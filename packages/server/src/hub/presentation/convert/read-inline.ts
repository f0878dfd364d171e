export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'link' | 'image'; readonly text: string; readonly url: string }
  | { readonly kind: 'open' | 'close'; readonly mark: 'strong' | 'em' | 'del' }

const ESCAPE = /\\([!-/:-@[-`{-~])/y
const CODE = /(`{1,3})([^`]{1,2000})\1/y
// Classes without brackets: a text of opening brackets alone is read in one pass.
const LINK =
  /(!?)\[([^[\]]{0,1000})\]\([ \t]{0,9}<?([^\s()<>]{0,2000})>?(?:[ \t]{1,9}"[^"\n]{0,500}")?[ \t]{0,9}\)/y
const AUTOLINK = /<(https?:\/\/[^\s<>]{1,2000})>/y
const MARK = /\*{1,3}|_{1,3}|~~/y
const PLAIN = /[^\\`![<*_~]+/y

/** What stands within a line of Markdown, each character looked at once. Marks without a partner stay text. */
export function readInline(text: string): Inline[] {
  const found: (Inline | { readonly kind: 'mark'; readonly text: string })[] = []
  const open: { mark: string; at: number }[] = []
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at += match[0].length
    return match
  }
  while (at < text.length) {
    const start = at
    const plain = take(PLAIN)
    if (plain) {
      found.push({ kind: 'text', text: plain[0] })
      continue
    }
    const simple = readSimple(take)
    if (simple) {
      found.push(simple)
      continue
    }
    const mark = take(MARK)
    if (mark) pushMark(mark[0], text, { start, end: at })
    else found.push({ kind: 'text', text: text[at++]! })
  }
  return found.map((one) => (one.kind === 'mark' ? { kind: 'text', text: one.text } : one))

  function pushMark(mark: string, whole: string, { start, end }: { start: number; end: number }): void {
    const before = whole[start - 1] ?? ' '
    const after = whole[end] ?? ' '
    // CommonMark §6.2: an underline within a word is one of the word.
    const isWord = mark.startsWith('_') && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after)
    const kind = mark === '~~' ? 'del' : mark.length === 1 ? 'em' : 'strong'
    const opener = isWord || /\s/.test(before) ? -1 : open.findLastIndex((one) => one.mark === mark)
    if (opener >= 0) {
      found[open[opener]!.at] = { kind: 'open', mark: kind }
      open.length = opener
      found.push({ kind: 'close', mark: kind })
      return
    }
    if (!isWord && !/\s/.test(after) && open.length < MAX_OPEN) open.push({ mark, at: found.length })
    found.push({ kind: 'mark', text: mark })
  }
}

const MAX_OPEN = 20

function readSimple(take: (pattern: RegExp) => RegExpExecArray | null): Inline | undefined {
  const escaped = take(ESCAPE)
  if (escaped) return { kind: 'text', text: escaped[1]! }
  const code = take(CODE)
  if (code) return { kind: 'code', text: code[2]! }
  const link = take(LINK)
  if (link) return { kind: link[1] === '!' ? 'image' : 'link', text: link[2]!, url: link[3]! }
  const address = take(AUTOLINK)
  return address ? { kind: 'link', text: address[1]!, url: address[1]! } : undefined
}

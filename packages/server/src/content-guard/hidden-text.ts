/** A kind of text that people do not see and models read. */
export type HiddenKind = 'tags' | 'zero-width' | 'bidi' | 'control' | 'variation' | 'comment' | 'padding'

interface HiddenPart {
  readonly kind: HiddenKind
  readonly start: number
  readonly end: number
}

/** What cannot be seen, each kind as one run. Nothing is repeated within a repetition but for lines of bounded length. */
const SUSPECTS = new RegExp(
  [
    String.raw`[\u{E0000}-\u{E007F}]+`,
    String.raw`[\u00AD\u034F\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200D\u2060-\u2064\u206A-\u206F\u3164\uFEFF\uFFA0]+`,
    String.raw`[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+`,
    String.raw`[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]+`,
    // Terminal escapes: control sequences, then commands to the terminal (ECMA-48 §5.4, §8.3.89).
    String.raw`\x1B(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1B]{0,512}(?:\x07|\x1B\\)?|.)?`,
    String.raw`[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]+`,
    '<!--',
    // Blanks that push what follows out of sight.
    String.raw`(?<![ \t\u00A0])[ \t\u00A0]{200,}`,
    String.raw`(?<![\n \t])(?:\r?\n[ \t]{0,8}){20,}`,
  ].join('|'),
  'gu',
)

const MAX_PARTS = 10_000

/** In their order, at most 10,000; linear in the length of the text. */
export function findHidden(text: string): HiddenPart[] {
  if (isPlain(text)) return []
  const found: HiddenPart[] = []
  const isRightToLeft = RIGHT_TO_LEFT.test(text)
  let at = 0
  for (const match of text.matchAll(SUSPECTS)) {
    const start = match.index
    if (start < at) continue
    const kind = kindOf(match[0])
    at = kind === 'comment' ? endOfComment(text, start) : start + match[0].length
    if (!isNeeded(kind, { text, start, end: at, isRightToLeft })) found.push({ kind, start, end: at })
    if (found.length >= MAX_PARTS) break
  }
  return found
}

const LONG_BLANKS = ' '.repeat(200)

/** Most texts are: printable ASCII in lines, with nothing that could hide in it. */
function isPlain(text: string): boolean {
  return (
    /^[\x20-\x7E\n\r]*$/.test(text) &&
    !text.includes('<!--') &&
    !text.includes(LONG_BLANKS) &&
    !/(?:\r?\n {0,8}){20}/.test(text)
  )
}

/** The text without what is hidden in it; the same text where nothing is. */
export function stripHidden(text: string): string {
  const parts = findHidden(text)
  if (parts.length === 0) return text
  let seen = ''
  let at = 0
  for (const { kind, start, end } of parts) {
    seen += text.slice(at, start) + (kind === 'padding' ? '\n' : '')
    at = end
  }
  return seen + text.slice(at)
}

function kindOf(part: string): HiddenKind {
  const code = part.codePointAt(0)!
  if (part === '<!--') return 'comment'
  if (code >= 0xe0000 && code <= 0xe007f) return 'tags'
  if ((code >= 0xfe00 && code <= 0xfe0f) || code >= 0xe0100) return 'variation'
  if (code === 0x61c || code === 0x200e || code === 0x200f) return 'bidi'
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 'bidi'
  if (code === 0x20 || code === 0x9 || code === 0xa || code === 0xd || code === 0xa0) return 'padding'
  return code < 0xa0 ? 'control' : 'zero-width'
}

function endOfComment(text: string, start: number): number {
  const end = text.indexOf('-->', start)
  return end === -1 ? text.length : end + 3
}

const REGION_FLAG = /^[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}$/u
const BLACK_FLAG = 0x1f3f4
/** Scripts whose letters are joined, or kept apart, by an invisible character. */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Mongolian}\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}]/u
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u
const OVERRIDE = /[\u202D\u202E]/u
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]/u
/** What may be drawn in more than one way: pictures, signs, digits of keycaps, Han characters. */
const SELECTABLE = /[\p{Extended_Pictographic}\p{S}\p{P}0-9\p{Script=Han}\p{Script=Mongolian}]/u

function isNeeded(
  kind: HiddenKind,
  { text, start, end, isRightToLeft }: { text: string; start: number; end: number; isRightToLeft: boolean },
): boolean {
  const part = text.slice(start, end)
  const before = characterBefore(text, start)
  const after = String.fromCodePoint(text.codePointAt(end) ?? 0x20)
  switch (kind) {
    case 'tags':
      return before.codePointAt(0) === BLACK_FLAG && REGION_FLAG.test(part)
    case 'zero-width':
      if (part === '\u200D' && PICTURE.test(before) && PICTURE.test(after)) return true
      if (part === '\uFEFF' && start === 0) return true
      return (
        /^[\u200B-\u200D]$/.test(part) &&
        JOINING.test(before) &&
        (JOINING.test(after) || /\s|\p{P}/u.test(after))
      )
    case 'bidi':
      return isRightToLeft && !OVERRIDE.test(part)
    case 'variation':
      return [...part].length === 1 && SELECTABLE.test(before)
    case 'padding':
      return end === text.length
    default:
      return false
  }
}

function characterBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1)
  const isPair = low >= 0xdc00 && low <= 0xdfff
  return at === 0 ? ' ' : text.slice(at - (isPair ? 2 : 1), at)
}

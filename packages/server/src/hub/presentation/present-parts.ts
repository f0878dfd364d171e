import { PRESENTATION_EXTENSION } from '@parley/contract'
import type { Part } from '../../a2a/index.ts'
import type { Budget } from './budget.ts'
import { FORMS, convert, isPiecewise, type Content, type Form } from './convert/conversions.ts'
import { contentOf, formOf, modeOf } from './form-of.ts'
import { essenceOf, isInRange, isWide, readRange, type MediaRange } from './media-range.ts'
import type { Told } from './told.ts'
import type { Wish } from './wish.ts'
import { describedAs, statementFor } from './words.ts'

export interface Surroundings {
  readonly told: Told
  readonly budget: Budget
  /** Whether there are words beside, in a part of its own. */
  readonly hasText: boolean
  /** A word on the way is not what was asked for: that it stays as it is need not be said. */
  readonly isAside: boolean
}

/** Parts as their reader takes them. The originals stay as they are. */
export function presentParts(parts: readonly Part[], wish: Wish, around: Surroundings): Part[] {
  return parts.flatMap((part) => presentPart(part, wish, around))
}

/** Whether a text has to be whole to be converted for this reader. */
export function isWholeOnly(part: Part, wish: Wish): boolean {
  const mode = modeOf(part)
  const form = formOf(mode)
  if (part.text === undefined || form === undefined || takes(wish, mode)) return false
  return !(wish.ranges ?? []).some((range) =>
    FORMS.some((to) => isInRange(range, readRange(to)!) && isPiecewise(form, to)),
  )
}

/** Texts that came in chunks, as the one that they are. */
export function joinTexts(parts: readonly Part[], wish: Wish): Part[] {
  const joined: Part[] = []
  let texts: string[] = []
  const close = () => {
    if (texts.length > 1) joined[joined.length - 1] = { ...joined.at(-1)!, text: texts.join('') }
    texts = []
  }
  for (const part of parts) {
    const last = joined.at(-1)
    const goesOn =
      texts.length > 0 &&
      isWholeOnly(part, wish) &&
      last?.mediaType === part.mediaType &&
      part.filename === undefined &&
      part.metadata === undefined
    if (goesOn) {
      texts.push(part.text!)
      continue
    }
    close()
    joined.push(part)
    if (isWholeOnly(part, wish)) texts = [part.text!]
  }
  close()
  return joined
}

function presentPart(part: Part, wish: Wish, around: Surroundings): Part[] {
  const mode = modeOf(part)
  const isImage = mode.type === 'image'
  const isHeard = mode.type === 'audio' || mode.type === 'video'
  const access = wish.needs.accessibility ?? []
  if (isImage && access.includes('screenReader') && !isNamed(wish, mode))
    return inWords(part, wish, { ...around, need: 'screenReader' })
  if (!takes(wish, mode))
    return isImage || isHeard
      ? inWords(part, wish, { ...around, need: 'formats' })
      : inForm(part, wish, around)
  const wantsWords = isImage
    ? access.includes('altText') || access.includes('screenReader')
    : isHeard && access.includes('captions')
  if (!wantsWords) return [part]
  const words = inWords(part, wish, { ...around, need: isImage ? 'altText' : 'captions' })
  return words[0] === part ? [part] : [part, ...words]
}

function takes({ ranges }: Wish, mode: MediaRange): boolean {
  return ranges === undefined || ranges.some((range) => isInRange(range, mode))
}

/** Whether the reader asks for this very type, and not only for anything. */
function isNamed({ ranges }: Wish, mode: MediaRange): boolean {
  return ranges?.some((range) => !isWide(range) && isInRange(range, mode)) === true
}

function inForm(part: Part, wish: Wish, { told, budget, isAside }: Surroundings): Part[] {
  const mode = modeOf(part)
  const from = formOf(mode)
  // Data on the way is for the program, such as the address where consent is given.
  if (isAside && from === 'application/json') return [part]
  const content = from && contentOf(part)
  if (content && budget.take(sizeOf(content))) {
    for (const to of wantedForms(wish)) {
      const made = convert(content, from, to)
      if (!made) continue
      told.converted({ from: essenceOf(mode), to, means: 'content' })
      told.met('formats')
      return [partOf(made, to, part)]
    }
  }
  if (!isAside)
    told.unmet({ need: 'formats', reason: `${essenceOf(mode)} could not be put in a form that is taken.` })
  return [part]
}

function sizeOf(content: Content): number {
  return 'text' in content ? content.text.length : JSON.stringify(content.data).length
}

/** Of a description or a transcript. */
const MAX_WORDS = 20_000

/** Something seen or heard in words: the agent's where it gave some, a statement where not. */
function inWords(part: Part, wish: Wish, around: Surroundings & { readonly need: string }): Part[] {
  const { told, need } = around
  const mode = modeOf(part)
  const from = essenceOf(mode)
  const to = wish.ranges
    ? wantedForms(wish).find((form) => form !== 'application/json' && form !== 'text/csv')
    : 'text/plain'
  if (!to) {
    told.unmet({ need, reason: `${from} could be put in words, but no text is taken.` })
    return [part]
  }
  const means = mode.type === 'image' ? 'alt' : 'transcript'
  const given = part.metadata?.[means]
  if (typeof given === 'string' && given.trim() !== '') {
    told.converted({ from, to, means })
    told.met(need)
    const words = describedAs(mode.type, given.slice(0, MAX_WORDS).toWellFormed(), wish.needs)
    return [partOf(convert({ text: words }, 'text/plain', to)!, to, undefined)]
  }
  if (means === 'transcript' && around.hasText) {
    told.converted({ from, to, means: 'sibling' })
    told.met(need)
    return []
  }
  const { text, language } = statementFor(mode.type, { name: part.filename, needs: wish.needs })
  told.converted({ from, to, means: 'statement' })
  told.unmet({ need, reason: `The agent gave no words for ${from}.` })
  const statement = convert({ text }, 'text/plain', to)!
  return [
    { ...partOf(statement, to, undefined), metadata: { [PRESENTATION_EXTENSION]: { by: 'hub', language } } },
  ]
}

/** The forms that the reader takes, the best first. */
function wantedForms({ ranges }: Wish): Form[] {
  const wanted = (ranges ?? []).flatMap((range) => FORMS.filter((form) => isInRange(range, readRange(form)!)))
  return [...new Set(wanted)]
}

function partOf(content: Content, mediaType: Form, original: Part | undefined): Part {
  return { ...content, mediaType, ...(original?.metadata && { metadata: original.metadata }) }
}

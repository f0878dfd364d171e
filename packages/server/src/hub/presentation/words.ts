import type { PresentationNeeds } from '@parley/contract'

type Kind = 'image' | 'sound' | 'film'

interface Words {
  readonly language: string
  readonly kinds: Readonly<Record<Kind, string>>
  readonly without: Readonly<Record<Kind, string>>
}

const WORDS: readonly Words[] = [
  {
    language: 'en',
    kinds: { image: 'Image', sound: 'Sound', film: 'Film' },
    without: {
      image: 'An image that the agent does not describe',
      sound: 'A sound without a transcript',
      film: 'A film without a transcript',
    },
  },
  {
    language: 'de',
    kinds: { image: 'Bild', sound: 'Ton', film: 'Film' },
    without: {
      image: 'Ein Bild, das der Agent nicht beschreibt',
      sound: 'Eine Tonaufnahme ohne Text dazu',
      film: 'Ein Film ohne Text dazu',
    },
  },
]

/** The hub's own words in the place of what cannot be said, in the reader's language where the hub has it. */
export function statementFor(
  type: string,
  { name, needs }: { readonly name: string | undefined; readonly needs: PresentationNeeds },
): { readonly text: string; readonly language: string } {
  const { language, without } = wordsFor(needs)
  const named = name === undefined || name === '' ? '' : ` (${name.slice(0, 200)})`
  return { text: `${without[kindOf(type)]}${named}.`, language }
}

/** What stands for something seen or heard, said to be so. */
export function describedAs(type: string, words: string, needs: PresentationNeeds): string {
  return `${wordsFor(needs).kinds[kindOf(type)]}: ${words}`
}

function kindOf(type: string): Kind {
  if (type === 'audio') return 'sound'
  return type === 'video' ? 'film' : 'image'
}

/** By weight, as in Accept-Language; the first named of equals. */
function wordsFor({ language = '' }: PresentationNeeds): Words {
  const ranked = language
    .split(',')
    .map((one) => {
      const [tag = '', weight] = one.trim().toLowerCase().split(';q=')
      return { primary: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
  for (const { primary } of ranked) {
    const known = WORDS.find((words) => words.language === primary)
    if (known) return known
  }
  return WORDS[0]!
}

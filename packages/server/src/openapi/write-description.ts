const MARKUP = /<\/?[A-Za-z][^<>]{0,200}>/g

/** Words of the document for people and models: no markup, one line where it may be, at most so many characters. */
export function writeDescription(text: unknown, maxCharacters: number): string | undefined {
  if (typeof text !== 'string') return undefined
  const words = text
    .slice(0, maxCharacters * 4)
    .replaceAll(MARKUP, ' ')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n[ \n]*/g, '\n')
    .trim()
    .toWellFormed()
  if (words === '') return undefined
  if (words.length <= maxCharacters) return words
  return `${words
    .slice(0, maxCharacters - 1)
    .trimEnd()
    .toWellFormed()}…`
}

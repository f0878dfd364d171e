/** Letters of other scripts that look like Latin ones; enough for names, which are otherwise compared after NFKC. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  а: 'a',
  е: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
  ѕ: 's',
  і: 'i',
  ј: 'j',
  һ: 'h',
  ԁ: 'd',
  ԛ: 'q',
  ԝ: 'w',
  к: 'k',
  м: 'm',
  т: 't',
  в: 'b',
  н: 'h',
  α: 'a',
  ο: 'o',
  ν: 'v',
  ι: 'i',
  κ: 'k',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ε: 'e',
  '0': 'o',
  '1': 'l',
  '|': 'l',
}

/** What a reader sees of a name: without case, compatibility forms, look-alike letters and invisible characters. */
export function skeleton(name: string): string {
  const plain = name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{Cf}\p{Mn}_\-.\s]/gu, '')
  return [...plain].map((letter) => LOOKALIKES[letter] ?? letter).join('')
}

/** Another name on the list that a reader would take for this one. */
export function findLookalike(name: string, others: Iterable<string>): string | undefined {
  const own = skeleton(name)
  for (const other of others) if (other !== name && skeleton(other) === own) return other
  return undefined
}

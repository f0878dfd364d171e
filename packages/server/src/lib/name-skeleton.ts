/**
 * What a name looks like, for finding names that a person or a model would take for each other. Two names look alike
 * when they share either skeleton: case is folded before look-alikes are mapped in one, after it in the other,
 * because `I` resembles `l` but `i` does not, and Greek `Η` is an H while `η` is an n.
 *
 * Compatibility forms (fullwidth, mathematical letters) and accents go by Unicode NFKD, invisible characters are
 * dropped, `-`, `.`, `/` and blanks count as `_`. The tables hold the Cyrillic, Greek and Latin letters that
 * are drawn like ASCII ones in common fonts, and the pairs 0/o, 1/l, rn/m, vv/w.
 */
export function nameSkeletons(name: string): readonly [string, string] {
  const plain = name.normalize('NFKD').replaceAll(INVISIBLE, '')
  return [finish(plain.toLowerCase()), finish(mapLetters(plain, UPPER).toLowerCase())]
}

const INVISIBLE = /[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu

const UPPER = invert({
  a: '\u0391\u0410',
  b: '\u0392\u0412',
  c: '\u03f9\u0421',
  e: '\u0395\u0415',
  f: '\u03dc',
  h: '\u0397\u041d',
  i: '\u04c0',
  j: '\u037f\u0408',
  k: '\u039a\u041a',
  l: 'I\u0399\u0406',
  m: '\u039c\u041c',
  n: '\u039d',
  o: '\u039f\u041e',
  p: '\u03a1\u0420',
  s: '\u0405',
  t: '\u03a4\u0422',
  x: '\u03a7\u0425',
  y: '\u03a5\u0423\u04ae',
  z: '\u0396',
})

const LOWER = invert({
  _: '-./ \u2010\u2011\u2012\u2013\u2014\u2212\u02d7',
  a: '\u0430\u03b1\u0251\u1d00',
  b: '\u0432\u03b2\u0184\u042c\u044c\u0299',
  c: '\u0441\u03f2\u1d04',
  d: '\u0501\u1d05',
  e: '\u0435\u03b5\u0454\u1d07\u212e',
  g: '\u0261\u0581\u018d',
  h: '\u043d\u04bb\u0570\u029c',
  i: '\u0456\u03b9\u0131\u026a\u04cf',
  j: '\u0458\u03f3\u1d0a',
  k: '\u043a\u03ba\u1d0b',
  l: '1|\u04c0\u01c0\u2223',
  m: '\u043c\u1d0d',
  n: '\u043f\u03b7\u0578\u057c\u0274',
  o: '0\u043e\u03bf\u03c3\u0585\u1d0f\u05e1',
  p: '\u0440\u03c1\u1d18',
  q: '\u051b\u0563',
  r: '\u0433\u1d26\u0280',
  s: '\u0455\ua731\u01bd',
  t: '\u0442\u03c4\u1d1b',
  u: '\u03c5\u057d\u1d1c\u03bc',
  v: '\u03bd\u0475\u1d20',
  w: '\u051d\u0461\u03c9\u1d21',
  x: '\u0445\u03c7',
  y: '\u0443\u04af\u03b3\u028f',
  z: '\u03b6\u1d22',
})

function invert(groups: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(groups).flatMap(([latin, letters]) =>
      [...letters].map((letter) => [letter, latin] as const),
    ),
  )
}

function mapLetters(text: string, table: ReadonlyMap<string, string>): string {
  let mapped = ''
  for (const letter of text) mapped += table.get(letter) ?? letter
  return mapped
}

function finish(text: string): string {
  return mapLetters(text, LOWER).replaceAll('rn', 'm').replaceAll('vv', 'w')
}

import { COMMON_PASSWORDS } from './common-passwords.ts'

const MIN_LENGTH = 10
const MAX_LENGTH = 256

/** Why a new password is refused, in words that help; undefined when it is taken (NIST SP 800-63B §5.1.1.2). */
export function passwordFault(password: string, person: { email: string; name: string }): string | undefined {
  const length = [...password].length
  if (length < MIN_LENGTH)
    return `Use at least ${MIN_LENGTH} characters. A few words you can remember make a good password.`
  if (length > MAX_LENGTH) return `Use at most ${MAX_LENGTH} characters.`
  const plain = simplify(password)
  if (new Set(plain).size < 4) return 'Use more than three different characters.'
  if (COMMON_PASSWORDS.has(plain) || COMMON_PASSWORDS.has(stripEnds(plain)))
    return 'This password is among the first that are tried. A few unrelated words make a good one.'
  if (isSequence(plain)) return 'Use something that is not a row of neighbouring characters.'
  const [local = ''] = person.email.split('@')
  const own = [person.email, local, person.name].map(simplify).filter((word) => word.length >= 3)
  if (own.some((word) => stripEnds(plain) === stripEnds(word) || plain === word))
    return 'Use something that is not your name or your email address.'
  return undefined
}

function simplify(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** Without the digits and signs that are put around a word to satisfy rules. */
function stripEnds(text: string): string {
  return text.replaceAll(/^[\d\W_]+|[\d\W_]+$/g, '')
}

function isSequence(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0)!)
  const steps = codes.slice(1).map((code, at) => code - codes[at]!)
  return steps.every((step) => step === 1) || steps.every((step) => step === -1)
}

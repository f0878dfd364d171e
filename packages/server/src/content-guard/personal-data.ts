import type { Detector } from './detectors.ts'

/** What tells of a person: addresses and numbers, the longer ones by their check digits. */
export const PERSONAL: readonly Detector[] = [
  {
    kind: 'e-mail address',
    pattern: /(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,4}[A-Za-z]{2,24}\b/g,
    isReal: (text) => !/@(?:[\w-]{1,63}\.)?example\.(?:com|org|net)$|@localhost/i.test(text),
  },
  // Only with the country's code: other numbers look like any number.
  {
    kind: 'phone number',
    pattern: /(?<![\w+./-])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?(?:\d[ .-]?){5,12}\d(?![\w])/g,
  },
  { kind: 'card number', pattern: /(?<![\w.-])[3-6](?:[ -]?\d){12,18}(?![\w.-])/g, isReal: isCard },
  { kind: 'account number', pattern: /(?<![\w])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![\w])/g, isReal: isIban },
]

/** A text without one of these holds none of them. */
export const PERSONAL_HINT = /@|\+[1-9]|\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d/

/** ISO/IEC 7812-1, Annex B. */
export function isCard(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '')
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at])
    const doubled = at % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** ISO 13616-1: the country and check digits moved to the end, letters as two digits, the rest of 97 is 1. */
export function isIban(text: string): boolean {
  const plain = text.replaceAll(' ', '')
  if (plain.length < 15 || plain.length > 34) return false
  let rest = 0
  for (const char of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}

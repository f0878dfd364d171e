/** A text from outside on one line, without control and formatting characters, cut to its limit. */
export function toPlainText(text: string, limitChars: number): string {
  const plain = text
    .slice(0, limitChars + 1)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  return plain.length > limitChars ? `${plain.slice(0, limitChars - 1).toWellFormed()}…` : plain
}

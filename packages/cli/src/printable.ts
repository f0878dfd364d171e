/** Control characters but tab and newline, and marks that reorder text: a server's words could drive the terminal. */
const UNSAFE = /(?![\t\n])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Text as it may be shown: what is unsafe becomes its JSON escape, so that JSON stays the same value. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Whether a path or URL has a segment `..`, and so may lead out of what its beginning promises. */
export function leadsUpward(text: string): boolean {
  return text.includes('.') || text.includes('%') ? UPWARD.test(text) : false
}

const SEPARATOR = String.raw`[/\\]|%2f|%5c`
/** Readers of URLs drop tabs and line ends wherever they stand (WHATWG URL, basic URL parser, step 3). */
const DROPPED = String.raw`[\t\n\r]*`
const DOT = String.raw`(?:\.|%2e)${DROPPED}`
/** A segment `..`, as readers of paths and of URLs see one: `?` and `#` end a path, `;` its segment. */
const UPWARD = new RegExp(`(?:^|${SEPARATOR})${DROPPED}${DOT}${DOT}(?:${SEPARATOR}|[?#;]|$)`, 'i')
